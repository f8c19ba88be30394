"""People: who can be asked, read off the local copy of the company tree."""
