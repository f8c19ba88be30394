"""The copy of customers."""
