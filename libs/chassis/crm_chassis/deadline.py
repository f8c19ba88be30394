"""How long whoever called will wait: what takes longer is done for nobody, and keeps a connection and its locks."""

from __future__ import annotations

import time
from contextvars import ContextVar

HEADER = "X-Banyan-Deadline-Ms"
"""How long the gateway waits from now, in milliseconds."""

_LONGEST_MS = 3_600_000
_AFTER_S = 0.2
"""The caller gives up first: an answer of 503 in time would only have the gateway ask once more."""

_until: ContextVar[float | None] = ContextVar("crm_deadline", default=None)


def begin(given: str | None) -> None:
    """Take the caller's patience from the header's value; None, or what is no number, is no deadline."""
    known = given is not None and given.isascii() and given.isdigit()
    _until.set(time.monotonic() + min(int(given or 0), _LONGEST_MS) / 1000 + _AFTER_S if known else None)


def left_ms() -> int | None:
    """Milliseconds left for the request being answered, at least 1; None without a deadline."""
    until = _until.get()
    return None if until is None else max(1, int((until - time.monotonic()) * 1000))


def limit_ms(longest: int) -> int | None:
    """A statement's time-out in milliseconds where the deadline is closer than ``longest`` (0: no time-out), else None."""
    left = left_ms()
    return left if left is not None and (longest == 0 or left < longest) else None
