"""SM's operations, xapi's tasks, and who held which disk."""
