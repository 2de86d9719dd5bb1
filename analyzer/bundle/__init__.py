"""Bytes: an archive becomes named members."""
