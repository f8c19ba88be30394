"""When to try again. Pure."""

from __future__ import annotations

from datetime import timedelta

EMAIL = "email"

LEASE = timedelta(seconds=120)
"""How long a mail may be in the act of being sent before its sender counts as dead."""

DIGEST_WAIT = timedelta(minutes=10)
"""A digest is mailed so long after it was begun, with all that came until then."""

NEXT_DIGEST_WAIT = timedelta(hours=1)
"""The same for a digest of what came after one was mailed: a flood that goes on makes a mail an hour."""

_AFTER_S = (60, 300, 1800, 7200, 21_600)

STATUSES = (
    ("pending", "待发送", "Pending"),
    ("sending", "发送中", "Being sent"),
    ("sent", "已发送", "Sent"),
    ("failed", "失败", "Failed"),
    ("unknown", "未知", "Unknown"),
)
"""The states of a delivery: value, zh, en."""

WENT_WRONG = frozenset({"failed", "unknown"})
"""The states in which a person may have it sent again."""


def next_wait(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts (>= 1) that failed for a while; None when it is enough."""
    return timedelta(seconds=_AFTER_S[attempts - 1]) if attempts <= len(_AFTER_S) else None
