"""The declarative engine; the catalogue itself is the folder patterns."""
