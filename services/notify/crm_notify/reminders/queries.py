"""Looking up how a unit wants to be reminded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org

from .models import ReminderRule
from .rules import DEFAULT_MINUTES

Minutes = Callable[[str, UUID], int | None]
"""Kind and unit -> the minutes that hold there: its own rule's, else the nearest one above, else the default.

None when that rule is switched off.
"""


def minutes_in(session: Session, unit_ids: Iterable[UUID]) -> Minutes:
    """How these units want to be reminded, read once for all of them."""
    paths = {unit_id: org.tree().ancestors(unit_id) for unit_id in unit_ids}
    reached = sorted({unit for path in paths.values() for unit in path})
    rules = {
        (rule.kind, rule.unit_id): rule
        for rule in session.scalars(select(ReminderRule).where(ReminderRule.unit_id.in_(reached)))
    }

    def found(kind: str, unit_id: UUID) -> int | None:
        rule = next((rules[kind, unit] for unit in paths[unit_id] if (kind, unit) in rules), None)
        if rule is None:
            return DEFAULT_MINUTES[kind]
        return rule.minutes if rule.active else None

    return found


def minutes_of(session: Session, kind: str, unit_id: UUID) -> int | None:
    """The minutes that hold for one kind in one unit, None when that is switched off."""
    return minutes_in(session, [unit_id])(kind, unit_id)
