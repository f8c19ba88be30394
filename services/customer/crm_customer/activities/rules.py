"""Recurrence of activities, and a calendar of them (iCalendar, RFC 5545)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ..content_lines import document, escaped

RECURRENCES = ("daily", "weekly", "monthly", "yearly")
INTERACTION_KINDS = {"call": "call", "meeting": "meeting", "visit": "visit", "task": "message"}
"""Kind of activity -> the kind of interaction it becomes when it is completed as one."""

_PRIORITIES = {"high": 1, "normal": 5, "low": 9}


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


def steps_until(anchor: datetime, recurrence: str, now: datetime) -> int:
    """How many steps lead from ``anchor`` to the first occurrence after ``now``; at least one."""
    count = 1
    while next_occurrence(anchor, recurrence, count) <= now:
        count += 1
    return count


@dataclass(frozen=True)
class Event:
    """What a calendar shows of an activity. Times are aware; ``due_at`` is given whenever ``starts_at`` is not."""

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
    lines = [line for event in events for line in _event_lines(event, site)]
    return document([*head, *lines, "END:VCALENDAR"])


def _event_lines(event: Event, site: str) -> list[str]:
    starts = event.starts_at or event.due_at
    assert starts is not None
    ends = event.due_at if event.due_at and event.due_at > starts else None
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.id}@banyan",
        f"SEQUENCE:{event.version}",
        f"DTSTAMP:{_utc(event.updated_at)}",
        f"DTSTART:{_utc(starts)}",
        f"DTEND:{_utc(ends)}" if ends else "",
        f"SUMMARY:{escaped(('✓ ' if event.status == 'done' else '') + event.subject)}",
        f"DESCRIPTION:{escaped(event.plan)}" if event.plan else "",
        f"CATEGORIES:{escaped(event.kind.upper())}",
        f"PRIORITY:{_PRIORITIES.get(event.priority, 5)}",
        "STATUS:CONFIRMED",
        f"RRULE:FREQ={event.recurrence.upper()}" if event.recurrence and event.status == "planned" else "",
        f"URL:{site}/activities/{event.id}",
        "END:VEVENT",
    ]
    return [line for line in lines if line]


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


STATUSES = (
    ("planned", "计划中", "Planned"),
    ("done", "已完成", "Done"),
    ("cancelled", "已取消", "Cancelled"),
)
"""The states: value, zh, en."""
