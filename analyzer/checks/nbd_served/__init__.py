"""Connections to xapi-nbd: refused, broken, left behind."""
