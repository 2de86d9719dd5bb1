"""Calls of clients that xapi or SM refused: enable, data_destroy, list_changed_blocks."""
