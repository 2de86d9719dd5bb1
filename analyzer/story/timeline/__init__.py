"""All that happened, in the order of time."""
