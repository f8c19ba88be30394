"""Taking in what happened, and building everything anew."""
