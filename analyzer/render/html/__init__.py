"""report.html: one file."""
