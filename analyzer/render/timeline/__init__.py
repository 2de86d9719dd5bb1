"""The timeline as a table, CSV and JSON lines."""
