"""Requests of customers, from the first word to the archive."""
