"""Working time: how far a span of it reaches, and how much of it lies between two moments.

Hours are local to the calendar. Where clocks are put forward or back, a working day is as long as it really was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

HORIZON_DAYS = 3653
"""Nobody plans further than ten years: what would be due later is due then."""

WORKING_WEEK: Mapping[str, Any] = {
    "name": "工作日 Weekdays",
    "hours": [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(1, 6)],
    "special_days": [],
}
"""The calendar a group begins with."""

Hours = tuple[timedelta, timedelta]
"""From when to when on a day, as time since its midnight."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work. week: ISO weekday -> its hours in order. special: day -> the weekday it is like, None for closed."""

    zone: ZoneInfo
    week: Mapping[int, Sequence[Hours]]
    special: Mapping[date, int | None]

    def hours_on(self, day: date) -> Sequence[Hours]:
        """The hours of a day in their order, none when nobody works."""
        weekday = self.special.get(day, day.isoweekday())
        return () if weekday is None else self.week.get(weekday, ())


def calendar(timezone: str, hours: Iterable[Mapping[str, Any]], special_days: Iterable[Mapping[str, Any]]) -> Calendar:
    """A calendar from the rows that people write (``models.BusinessCalendar``)."""
    week: dict[int, list[Hours]] = {}
    for row in hours:
        week.setdefault(row["weekday"], []).append((since_midnight(row["opens"]), since_midnight(row["closes"])))
    special: dict[date, int | None] = {}
    for row in special_days:
        for day in days(date.fromisoformat(row["first_on"]), date.fromisoformat(row["last_on"])):
            special[day] = row["as_weekday"]
    return Calendar(ZoneInfo(timezone), {weekday: sorted(found) for weekday, found in week.items()}, special)


def since_midnight(clock_time: str) -> timedelta:
    """``"09:30"`` as time since midnight; ``"24:00"`` is the end of the day."""
    hours, minutes = clock_time.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def after(calendar: Calendar | None, start: datetime, seconds: float) -> datetime:
    """The moment when so many seconds of working time have passed since ``start``; every second counts without calendar."""
    left = timedelta(seconds=seconds)
    if calendar is None:
        return start + left
    end = start
    for opens, end in _working(calendar, start, HORIZON_DAYS):
        here = max(opens, start)
        if end - here >= left:
            return here + left
        left -= end - here
    return end


def between(calendar: Calendar | None, start: datetime, end: datetime) -> float:
    """The seconds of working time from ``start`` to ``end``; 0 when that is not later."""
    if calendar is None:
        return max(0.0, (end - start).total_seconds())
    return sum(
        max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
        for opens, closes in _working(calendar, start, (end - start).days + 2)
    )


def _working(calendar: Calendar, start: datetime, for_days: int) -> Iterator[tuple[datetime, datetime]]:
    """The spans of working time that end at ``start`` or later, from its day on for so many days, in their order."""
    today = start.astimezone(calendar.zone).date()
    for number in range(for_days):
        day = today + timedelta(days=number)
        for opens, closes in calendar.hours_on(day):
            end = _moment(day, closes, calendar.zone)
            if end >= start:
                yield _moment(day, opens, calendar.zone), end


def _moment(day: date, since: timedelta, zone: ZoneInfo) -> datetime:
    return (datetime.combine(day, time.min) + since).replace(tzinfo=zone).astimezone(UTC)
