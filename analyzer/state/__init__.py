"""Records become the pool as it was, and as it changed."""
