"""Triage XenServer / XCP-ng status reports offline: Changed Block Tracking and NBD."""

__version__ = "0.1.0"
