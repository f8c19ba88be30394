"""People: for whom somebody may plan and claim."""
