"""Claims: expenses from their draft over their approval to their payment."""
