"""Search, reports and the desktop, built from events alone."""
