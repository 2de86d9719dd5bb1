"""Known defects, by package version and symptom."""
