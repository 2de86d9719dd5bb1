"""Why a rule fired, and what was made of a line."""
