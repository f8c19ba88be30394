"""Roles made by the customer: what may be done, how far, and which fields stay closed."""
