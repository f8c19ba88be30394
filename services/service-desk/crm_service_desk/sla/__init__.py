"""How soon a request must be answered and solved."""
