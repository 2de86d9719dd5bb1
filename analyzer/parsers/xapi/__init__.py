"""xapi's database, as a file and as `xe` prints it."""
