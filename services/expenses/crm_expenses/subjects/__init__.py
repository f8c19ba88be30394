"""Subjects: the local copies of the opportunities, orders and requests that a cost may be about."""
