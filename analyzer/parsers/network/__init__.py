"""Addresses, routes, sockets and firewalls of a host."""
