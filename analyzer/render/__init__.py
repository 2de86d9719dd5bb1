"""A report becomes text, one file per output; report.json is the source of truth."""
