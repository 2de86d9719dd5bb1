"""Connections to xapi-nbd, put together from its lines."""
