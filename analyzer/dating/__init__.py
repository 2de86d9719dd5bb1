"""The clock of one host: years, zones, changes, instants."""
