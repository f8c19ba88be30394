"""Travel plans: a trip from its draft over its approval to its settlement, with the records of its days."""
