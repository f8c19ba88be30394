"""What is planned, and the calendar of it."""
