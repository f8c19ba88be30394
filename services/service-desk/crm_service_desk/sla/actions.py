"""What can be done to an SLA policy."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ..calendars import queries as calendars
from .models import SlaPolicy


def create(session: Session, values: dict[str, Any]) -> SlaPolicy:
    """A policy that counts by a calendar of its unit or above, if by any. Raises Invalid."""
    if values.get("calendar_id"):
        calendars.require_above(session, values["calendar_id"], values["unit_id"])
    policy = SlaPolicy(**values)
    session.add(policy)
    return policy


def change(session: Session, policy: SlaPolicy, values: dict[str, Any]) -> None:
    """Change it, for the requests that get their limits from now on. Raises Invalid."""
    calendar_id = values.get("calendar_id")
    if calendar_id and calendar_id != policy.calendar_id:
        calendars.require_above(session, calendar_id, values.get("unit_id", policy.unit_id))
    for name, value in values.items():
        setattr(policy, name, value)
