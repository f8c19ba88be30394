"""Customers: the local copy of what the customer service owns."""
