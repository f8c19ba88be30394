"""The one source of the current time, so that tests and replays can give their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import or_

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

_SKEW = timedelta(minutes=1)
_fixed: ContextVar[datetime | None] = ContextVar("crm_fixed_time", default=None)
_offset = timedelta()


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC) + _offset


def today(timezone: str = "Asia/Shanghai") -> date:
    """The current date in a time zone (IANA name)."""
    return now().astimezone(ZoneInfo(timezone)).date()


def due(
    moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], at_most: timedelta
) -> ColumnElement[bool]:
    """SQL: the moment has come.

    One further ahead than ``at_most``, the longest that anything is ever put off, was written by a machine whose clock was
    wrong, and counts as come too: what it put off must not wait for its wrong hour.
    """
    return or_(moment <= now(), moment > now() + at_most + _SKEW)


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
