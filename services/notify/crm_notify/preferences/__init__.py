"""What users chose to be told."""
