"""Members become records and facts; one file per format, named in the lists of this module."""
