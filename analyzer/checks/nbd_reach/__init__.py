"""Addresses that are offered and cannot be reached."""
