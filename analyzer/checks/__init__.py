"""One file per check, named in the list of this module."""
