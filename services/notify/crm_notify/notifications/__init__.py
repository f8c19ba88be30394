"""What users see, live."""
