"""Customers, their owners and their duplicates."""
