"""Blocks of bytes in, the lines that somebody wants out."""
