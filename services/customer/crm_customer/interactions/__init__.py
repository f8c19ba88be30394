"""What happened with a customer."""
