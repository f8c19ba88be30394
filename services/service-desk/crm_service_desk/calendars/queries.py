"""Reading business calendars."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.database import everything
from crm_chassis.language import say

from . import rules
from .models import BusinessCalendar


def working_time(session: Session, calendar_id: UUID | None) -> rules.Calendar | None:
    """The hours by which a limit counts, None for round the clock.

    They hold whether or not the caller may read them, and for a request that has its limits even when deleted since.
    """
    if calendar_id is None:
        return None
    with everything(session):
        by_id = select(BusinessCalendar).where(BusinessCalendar.id == calendar_id)
        found = session.scalars(by_id.execution_options(with_deleted=True)).one()
    return rules.calendar(found.timezone, found.hours, found.special_days)


def require_above(session: Session, calendar_id: UUID, unit_id: UUID) -> None:
    """Raises Invalid unless the caller sees the calendar and it belongs to the unit or to one above it."""
    calendar = session.get(BusinessCalendar, calendar_id)
    if calendar is None:
        raise errors.field_error("/calendar_id", "unknown", say("Choose a business calendar that you may see."))
    if calendar.unit_id not in org.tree().ancestors(unit_id):
        raise errors.field_error(
            "/calendar_id", "elsewhere", say("Choose a business calendar of the policy's unit or of one above it.")
        )
