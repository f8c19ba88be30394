"""The life of an article."""

from __future__ import annotations

ALLOWED: dict[str, frozenset[str]] = {
    "submit": frozenset({"draft", "retired"}),
    "publish": frozenset({"draft", "review"}),
    "retire": frozenset({"published"}),
    "rate": frozenset({"published"}),
}
"""Verb -> the states it is allowed in."""


def allows(verb: str, status: str) -> bool:
    """Whether the verb may be done to an article in this state."""
    return status in ALLOWED[verb]
