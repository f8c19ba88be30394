"""Looking up how a unit wants to be reminded."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org

from .models import ReminderRule
from .rules import DEFAULT_MINUTES


def minutes_of(session: Session, kind: str, unit_id: UUID) -> int | None:
    """The minutes that hold for a kind in a unit: its own rule's, else the nearest one above, else the default.

    None when that rule is switched off.
    """
    path = org.tree().ancestors(unit_id)
    rules = {
        rule.unit_id: rule
        for rule in session.scalars(
            select(ReminderRule).where(ReminderRule.kind == kind, ReminderRule.unit_id.in_(path))
        )
    }
    rule = next((rules[unit] for unit in path if unit in rules), None)
    if rule is None:
        return DEFAULT_MINUTES[kind]
    return rule.minutes if rule.active else None
