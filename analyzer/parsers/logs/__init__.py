"""Logs: one record a line."""
