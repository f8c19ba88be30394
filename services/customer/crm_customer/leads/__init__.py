"""The customer's half of a lead's conversion."""
