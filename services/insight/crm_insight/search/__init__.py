"""One box that finds records by any part of a name."""
