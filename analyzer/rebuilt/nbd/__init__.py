"""Network block devices: what was promised, reached, served and left behind."""
