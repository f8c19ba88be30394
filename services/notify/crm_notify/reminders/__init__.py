"""What will be due."""
