"""People: checks on the users that records name."""
