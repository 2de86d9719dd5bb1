"""Checks of what the storage manager and its garbage collector could not do."""
