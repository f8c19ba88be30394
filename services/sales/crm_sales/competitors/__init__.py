"""Competitors: who else the customers buy from."""
