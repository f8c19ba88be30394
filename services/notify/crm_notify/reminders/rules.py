"""When reminders are due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

ACTIVITY, APPROVAL, RECEIVABLE = "activity.due", "approval.waiting", "receivable.due"
INACTIVE, BIRTHDAY, CHURN = "user.inactive", "contact.birthday", "churn-case.escalated"

_DAY = 24 * 60

DEFAULT_MINUTES: dict[str, int] = {
    ACTIVITY: 15,
    APPROVAL: _DAY,
    RECEIVABLE: 3 * _DAY,
    INACTIVE: 14 * _DAY,
    CHURN: 7 * _DAY,
}
"""Kind -> minutes: before the date of an activity or a receivable, after the beginning of the others."""

BIRTHDAY_AT = time(8)
RECEIVABLE_AT = time(9)

LEASE = timedelta(seconds=60)
ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Due:
    """One occasion: when, and what tells it apart from the subject's others."""

    at: datetime
    bucket: str


def uuid_of(value: Any) -> UUID | None:
    """The id in a payload's field, None when the field is empty."""
    return UUID(str(value)) if value else None


def before(moment: datetime, minutes: int, now: datetime) -> datetime | None:
    """So long before the moment, at once when that is past, None when the moment itself is."""
    return max(moment - timedelta(minutes=minutes), now) if moment >= now else None


def morning(day: date, at: time, timezone: str) -> datetime:
    """A time of a day in a time zone (IANA name), in UTC."""
    return datetime.combine(day, at, ZoneInfo(timezone)).astimezone(UTC)


def next_birthday(born: date, timezone: str, now: datetime) -> Due:
    """The next morning of a birthday that is still to come; those born on 29 February have it on the 28th."""
    year = now.astimezone(ZoneInfo(timezone)).year
    due = morning(_birthday(born, year), BIRTHDAY_AT, timezone)
    if due <= now:
        year += 1
        due = morning(_birthday(born, year), BIRTHDAY_AT, timezone)
    return Due(due, str(year))


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def backoff(attempts: int) -> timedelta:
    """How long a reminder that could not be fired waits before the next attempt."""
    return timedelta(minutes=attempts)
