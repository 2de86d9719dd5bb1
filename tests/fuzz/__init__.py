"""Bytes that nobody foresaw, for everything that reads bytes: ``make fuzz``."""
