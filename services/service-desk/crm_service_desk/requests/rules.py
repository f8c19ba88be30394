"""The life of a request: which verb is allowed in which state, and where it leads."""

from __future__ import annotations

SATISFIED_FROM = 3
"""The satisfaction, 1 to 5, from which a request counts as settled; below it goes back to whoever answered."""

ARCHIVE_AFTER_DAYS = 7
"""How long an answered request waits for feedback."""

PRIORITIES = ("low", "normal", "high", "urgent")

OPEN = frozenset({"created", "assigned", "in_progress"})
"""The states in which the clock of the SLA runs."""

UNFINISHED = OPEN | {"on_hold", "answered"}

ALLOWED: dict[str, frozenset[str]] = {
    "assign": OPEN | {"on_hold"},
    "start": frozenset({"created", "assigned"}),
    "hold": OPEN,
    "resume": frozenset({"on_hold"}),
    "answer": frozenset({"assigned", "in_progress"}),
    "feedback": frozenset({"answered"}),
    "archive": frozenset({"answered"}),
    "reopen": frozenset({"answered", "archived"}),
    "escalate": OPEN | {"on_hold"},
}
"""Verb -> the states it is allowed in."""


def allows(verb: str, status: str) -> bool:
    """Whether the verb may be done to a request in this state."""
    return status in ALLOWED[verb]


def after_assign(status: str) -> str:
    """A request on hold stays there when somebody else gets it; any other is assigned."""
    return status if status == "on_hold" else "assigned"


def after_feedback(satisfaction: int) -> str:
    """Where a rating of 1 to 5 leads: archived from 3, back to assigned below."""
    return "archived" if satisfaction >= SATISFIED_FROM else "assigned"


def waiting(assignee_known: bool) -> str:
    """The state of a request that waits for work."""
    return "assigned" if assignee_known else "created"


def raised(priority: str) -> str:
    """The next higher priority; urgent stays urgent."""
    return PRIORITIES[min(PRIORITIES.index(priority) + 1, len(PRIORITIES) - 1)]
