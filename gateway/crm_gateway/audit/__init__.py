"""Audit: who signed in, and who changed users, roles and the tree, in a chain that shows tampering."""
