"""What can be done to a business calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.language import say

from ..sla import queries as sla
from . import rules
from .models import BusinessCalendar

_LONGEST = timedelta(days=366)


def create(session: Session, values: dict[str, Any]) -> BusinessCalendar:
    """A calendar, in the time zone of its unit unless it names one. Raises Invalid."""
    values = {"special_days": []} | values
    values.setdefault("timezone", org.tree().timezone(values["unit_id"]))
    calendar = BusinessCalendar(**_checked(values))
    session.add(calendar)
    return calendar


def change(_session: Session, calendar: BusinessCalendar, values: dict[str, Any]) -> None:
    """Change it. Requests that have their limits keep them; those that get new ones get them by the new hours.

    Raises Invalid.
    """
    for name, value in _checked(values).items():
        setattr(calendar, name, value)


def remove(session: Session, calendar: BusinessCalendar) -> None:
    """Raises StateConflict while a policy counts by it."""
    if sla.counts_by(session, calendar.id):
        raise errors.StateConflict(
            say("SLA policies count by this calendar. Give them another one, or none, before it is deleted.")
        )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if "hours" in values:
        _check_hours(values["hours"])
    if "special_days" in values:
        values = values | {"special_days": _checked_days(values["special_days"])}
    return values


def _check_hours(rows: Sequence[Mapping[str, Any]]) -> None:
    by_weekday: dict[int, list[tuple[timedelta, timedelta, int]]] = {}
    for number, row in enumerate(rows):
        opens, closes = rules.since_midnight(row["opens"]), rules.since_midnight(row["closes"])
        if closes <= opens:
            raise errors.field_error(
                f"/hours/{number}/closes",
                "order",
                say("Work ends after it begins; what goes past midnight takes two rows."),
            )
        by_weekday.setdefault(row["weekday"], []).append((opens, closes, number))
    for found in by_weekday.values():
        for (_, closes, _), (opens, _, number) in pairwise(sorted(found)):
            if opens < closes:
                raise errors.field_error(f"/hours/{number}/opens", "overlap", say("Two rows of one weekday overlap."))


def _checked_days(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The days in their order, as JSON keeps them."""
    ordered = sorted(enumerate(rows), key=lambda numbered: numbered[1]["first_on"])
    for number, row in ordered:
        if not row["first_on"] <= row["last_on"] < row["first_on"] + _LONGEST:
            raise errors.field_error(
                f"/special_days/{number}/last_on", "order", say("The last day comes after the first, within a year.")
            )
    for (_, before), (number, row) in pairwise(ordered):
        if row["first_on"] <= before["last_on"]:
            raise errors.field_error(
                f"/special_days/{number}/first_on", "overlap", say("These days overlap with those of another row.")
            )
    return [
        {
            "first_on": row["first_on"].isoformat(),
            "last_on": row["last_on"].isoformat(),
            "name": row["name"],
            "as_weekday": row.get("as_weekday"),
        }
        for _, row in ordered
    ]
