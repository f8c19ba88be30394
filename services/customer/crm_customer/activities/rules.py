"""Recurrence of activities, and a calendar of them (iCalendar, RFC 5545)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from ..calendar_zones import timezone_lines
from ..content_lines import document, escaped

RECURRENCES = ("daily", "weekly", "monthly", "yearly")
INTERACTION_KINDS = {"call": "call", "meeting": "meeting", "visit": "visit", "task": "message"}
"""Kind of activity -> the kind of interaction it becomes when it is completed as one."""

_PRIORITIES = {"high": 1, "normal": 5, "low": 9}
_SHORTEST_MONTH = 28
_LEAP_DAY = (2, 29)
_BEFORE, _AHEAD = timedelta(days=1), timedelta(days=3660)
"""How far around what repeats a calendar is told of the changes of the clocks; it reads them again before they end."""


def next_occurrence(moment: datetime, recurrence: str, count: int = 1) -> datetime:
    """``moment`` moved on by ``count`` steps; a day that a month lacks becomes its last one (31 January, monthly)."""
    if recurrence == "daily":
        return moment + timedelta(days=count)
    if recurrence == "weekly":
        return moment + timedelta(weeks=count)
    months = count if recurrence == "monthly" else 12 * count
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


@dataclass(frozen=True)
class Times:
    """When an activity starts and is due, aware. At least one of them is given."""

    starts_at: datetime | None
    due_at: datetime | None

    @property
    def first(self) -> datetime:
        """When it begins, or else is due: the moment a series is counted by."""
        found = self.starts_at or self.due_at
        assert found is not None
        return found


def following(times: Times, recurrence: str, *, anchor: datetime, now: datetime, zone: ZoneInfo) -> Times:
    """When what repeats happens next: after ``times``, and not over by ``now``; in UTC.

    anchor: the first of the series. Each occurrence is counted from there by the calendar and the clock on the wall of
    the zone, so that 31 January is followed by 28 February and 31 March, and nine o'clock stays nine o'clock.
    """
    origin = anchor.astimezone(zone)
    takes = _on_the_wall(times.due_at, zone) - _on_the_wall(times.first, zone) if times.due_at else timedelta()
    count = 1
    while True:
        first = next_occurrence(origin, recurrence, count)
        last = first + takes
        if first.astimezone(UTC) > times.first and last.astimezone(UTC) > now:
            break
        count += 1
    return Times(
        first.astimezone(UTC) if times.starts_at else None,
        last.astimezone(UTC) if times.due_at else None,
    )


def anchor_after(anchor: datetime | None, before: datetime, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The anchor of a series after one of it was moved; None when the series begins anew with that.

    Moved within its day, the series keeps the day it is counted from and takes over the hour.
    """
    there = after.astimezone(zone)
    if anchor is None or before.astimezone(zone).date() != there.date():
        return None
    return datetime.combine(anchor.astimezone(zone).date(), there.time(), zone).astimezone(UTC)


def recurrence_rule(recurrence: str, anchor: datetime) -> str:
    """The same as a calendar is told it (RFC 5545 section 3.3.10): of the days named, the last that a month has.

    anchor: the first of the series, in its zone.
    """
    day = anchor.day
    if recurrence == "monthly":
        days = ",".join(map(str, range(min(day, _SHORTEST_MONTH), day + 1)))
        return f"FREQ=MONTHLY;BYMONTHDAY={days}" + (";BYSETPOS=-1" if day > _SHORTEST_MONTH else "")
    if recurrence == "yearly" and (anchor.month, day) == _LEAP_DAY:
        return "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"
    return f"FREQ={recurrence.upper()}"


def _on_the_wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True)
class Event:
    """What a calendar shows of an activity. Times are aware; ``due_at`` is given whenever ``starts_at`` is not.

    timezone: the zone (IANA name) that what repeats is counted in.
    """

    id: UUID
    version: int
    updated_at: datetime
    subject: str
    kind: str
    plan: str | None
    starts_at: datetime | None
    due_at: datetime | None
    priority: str
    status: str
    recurrence: str | None
    recurs_from: datetime | None
    timezone: str

    @property
    def repeats(self) -> bool:
        """Whether it stands for those that come after it, too."""
        return bool(self.recurrence) and self.status == "planned"

    @property
    def begins(self) -> datetime:
        """Where it stands in the calendar."""
        return Times(self.starts_at, self.due_at).first


def calendar_text(events: Iterable[Event], *, name: str, site: str) -> str:
    """A calendar of the events, to be subscribed to. site: the console's address, for links."""
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Banyan//Activities//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
    ]
    shown = list(events)
    lines = [line for event in shown for line in _event_lines(event, site)]
    return document([*head, *_zone_lines([event for event in shown if event.repeats]), *lines, "END:VCALENDAR"])


def _zone_lines(repeating: list[Event]) -> list[str]:
    """The zones that repeating events are written in."""
    begins: dict[str, list[datetime]] = {}
    for event in repeating:
        begins.setdefault(event.timezone, []).append(event.begins)
    return [
        line
        for name, moments in sorted(begins.items())
        for line in timezone_lines(name, min(moments) - _BEFORE, max(moments) + _AHEAD)
    ]


def _event_lines(event: Event, site: str) -> list[str]:
    """One activity. What repeats is told by the clock on the wall of its zone, everything else in UTC."""
    starts = event.begins
    ends = event.due_at if event.due_at and event.due_at > starts else None
    zone = ZoneInfo(event.timezone) if event.repeats else None
    series = (event.recurs_from or starts).astimezone(zone) if zone else None
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.id}@banyan",
        f"SEQUENCE:{event.version}",
        f"DTSTAMP:{_utc(event.updated_at)}",
        f"DTSTART{_at(starts, zone)}",
        f"DTEND{_at(ends, zone)}" if ends else "",
        f"SUMMARY:{escaped(('✓ ' if event.status == 'done' else '') + event.subject)}",
        f"DESCRIPTION:{escaped(event.plan)}" if event.plan else "",
        f"CATEGORIES:{escaped(event.kind.upper())}",
        f"PRIORITY:{_PRIORITIES.get(event.priority, 5)}",
        "STATUS:CONFIRMED",
        f"RRULE:{recurrence_rule(event.recurrence, series)}" if event.recurrence and series else "",
        f"URL:{site}/activities/{event.id}",
        "END:VEVENT",
    ]
    return [line for line in lines if line]


def _at(moment: datetime, zone: ZoneInfo | None) -> str:
    return f";TZID={zone.key}:{moment.astimezone(zone):%Y%m%dT%H%M%S}" if zone else f":{_utc(moment)}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


STATUSES = (
    ("planned", "计划中", "Planned"),
    ("done", "已完成", "Done"),
    ("cancelled", "已取消", "Cancelled"),
)
"""The states: value, zh, en."""
