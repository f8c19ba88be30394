"""One timeline per customer of facts from all services."""
