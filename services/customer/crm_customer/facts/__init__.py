"""Copies of other services' records, as far as this one needs them."""
