"""The last known state of every record that search, figures and the desktop are made of."""
