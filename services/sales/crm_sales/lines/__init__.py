"""Lines: what an opportunity or an order is made of, and what it comes to."""
