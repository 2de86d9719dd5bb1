"""Disks in the hands of a control domain."""
