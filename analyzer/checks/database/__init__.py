"""Rows of xapi's database that contradict each other or never end."""
