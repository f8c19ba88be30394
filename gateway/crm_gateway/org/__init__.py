"""The company tree: units of any depth, moved and closed with everything below them."""
