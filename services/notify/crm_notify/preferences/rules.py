"""What a user's choices mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EVERY_TOPIC = "all"
FIELDS = ("in_app", "email", "quiet_start", "quiet_end", "timezone")


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds for one user and topic. ``email`` None: as the kind's own default. Quiet hours are ``HH:MM``."""

    in_app: bool = True
    email: bool | None = None
    quiet_start: str | None = None
    quiet_end: str | None = None
    timezone: str | None = None

    def over(self, rows: Iterable[Any]) -> Choice:
        """This choice changed by the rows' values that are not null, the last row winning."""
        found = self
        for row in rows:
            given = {name: value for name in FIELDS if (value := getattr(row, name)) is not None}
            found = replace(found, **given)
        return found


def after_quiet_hours(moment: datetime, choice: Choice, timezone: str) -> datetime:
    """The first instant at or after ``moment`` (aware) outside the quiet hours, in UTC.

    timezone: used when the choice names none. Quiet hours may run over midnight; equal ends mean none.
    """
    if not choice.quiet_start or not choice.quiet_end or choice.quiet_start == choice.quiet_end:
        return moment
    zone = ZoneInfo(choice.timezone or timezone)
    local = moment.astimezone(zone)
    start, end = time.fromisoformat(choice.quiet_start), time.fromisoformat(choice.quiet_end)
    now = local.time().replace(tzinfo=None)
    over_midnight = start > end
    quiet = (now >= start or now < end) if over_midnight else start <= now < end
    if not quiet:
        return moment
    day = local.date() + timedelta(days=1 if over_midnight and now >= start else 0)
    return datetime.combine(day, end, zone).astimezone(UTC)
