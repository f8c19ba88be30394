"""Routing: every call that another service answers, and the limits every call is held to."""
