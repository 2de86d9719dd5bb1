"""report.json and its schema."""
