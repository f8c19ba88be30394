"""The one source of the current time, so that tests and replays can give their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("crm_fixed_time", default=None)
_offset = timedelta()


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC) + _offset


def today(timezone: str = "Asia/Shanghai") -> date:
    """The current date in a time zone (IANA name)."""
    return now().astimezone(ZoneInfo(timezone)).date()


def shift(seconds: int) -> None:
    """Let this process live ``seconds`` ahead of (or behind, when negative) the machine's clock."""
    global _offset  # noqa: PLW0603  a process has one clock
    _offset = timedelta(seconds=seconds)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Within the block, ``now()`` answers ``at`` (aware UTC)."""
    token = _fixed.set(at)
    try:
        yield
    finally:
        _fixed.reset(token)
