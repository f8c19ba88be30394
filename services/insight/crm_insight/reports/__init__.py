"""Reports over the figures."""
