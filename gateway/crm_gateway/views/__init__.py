"""Views of lists that people save for themselves and share with units."""
