"""Sentences: the only place that turns values into text for people."""
