"""Hosts, networks and SRs, as `show` tells them."""
