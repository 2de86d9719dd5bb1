"""Damage done to the samples: whatever is lost, nothing found becomes ruled out, nothing is new."""
