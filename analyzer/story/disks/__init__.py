"""The life of each disk."""
