"""Volumes, files, devices and logs of changed blocks."""
