"""Kinds, topics and words."""
