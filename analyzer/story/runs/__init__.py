"""Backup runs: what a client did, disk by disk."""
