"""Administrative regions of China."""
