"""Lines that say something failed: folded while they are read, whether a rule asked or not."""
