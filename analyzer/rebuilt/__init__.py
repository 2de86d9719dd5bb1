"""What the logs let us rebuild of the pool's past."""
