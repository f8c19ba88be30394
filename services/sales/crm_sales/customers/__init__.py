"""Customers: the local copy of the customer service's rows, fed by its events."""
