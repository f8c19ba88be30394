"""The gateway: identity, company tree, routing."""
