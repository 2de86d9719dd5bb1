"""Logs of changed blocks: turned off, lost, cut, or telling less than was written."""
