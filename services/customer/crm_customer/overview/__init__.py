"""The 360° page of a customer."""
