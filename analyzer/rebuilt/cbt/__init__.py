"""Logs of changed blocks, replayed over time."""
