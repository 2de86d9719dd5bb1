"""What SM and xapi would answer to a call, check by check."""
