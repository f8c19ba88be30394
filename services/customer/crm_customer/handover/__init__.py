"""A user's records given to another."""
