"""Time zones as calendars are told of them (RFC 5545 section 3.6.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_STEP = timedelta(days=7)
"""How closely changes are looked for: the shortest season there is, Morocco's Ramadan, lasts longer."""


@dataclass(frozen=True)
class Clocks:
    """How the clocks of a zone stand: ahead of UTC by ``offset``, in summer time or not, called ``name``."""

    offset: timedelta
    summer: bool
    name: str


def timezone_lines(name: str, first: datetime, last: datetime) -> list[str]:
    """The VTIMEZONE of a zone (IANA name) with every change of its clocks between two moments, aware, first < last."""
    zone = ZoneInfo(name)
    start = _clocks(zone, first)
    lines = _observance(first, before=start, after=start)
    for moment, before, after in _changes(zone, first, last):
        lines += _observance(moment, before=before, after=after)
    return ["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE"]


def _observance(moment: datetime, *, before: Clocks, after: Clocks) -> list[str]:
    kind = "DAYLIGHT" if after.summer else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{moment.astimezone(UTC) + before.offset:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_offset(before.offset)}",
        f"TZOFFSETTO:{_offset(after.offset)}",
        f"TZNAME:{after.name}",
        f"END:{kind}",
    ]


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, Clocks, Clocks]]:
    """(moment, clocks before, clocks after) of every change, in order."""
    here, before = first, _clocks(zone, first)
    while here < last:
        there = here + _STEP
        after = _clocks(zone, there)
        if after != before:
            yield _moment_of_change(zone, here, there), before, after
        here, before = there, after


def _moment_of_change(zone: ZoneInfo, here: datetime, there: datetime) -> datetime:
    """The first second at which the clocks stand as they do ``there``, not yet as they do ``here``."""
    before = _clocks(zone, here)
    low, high = int(here.timestamp()), int(there.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _clocks(zone, datetime.fromtimestamp(middle, UTC)) == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _clocks(zone: ZoneInfo, moment: datetime) -> Clocks:
    local = moment.astimezone(zone)
    return Clocks(local.utcoffset() or timedelta(), bool(local.dst()), local.tzname() or zone.key)


def _offset(ahead: timedelta) -> str:
    minutes = round(ahead.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
