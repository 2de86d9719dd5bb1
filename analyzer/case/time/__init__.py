"""Time over all hosts: clocks compared, what came first, and where logs are silent."""
