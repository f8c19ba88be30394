"""Checks on users against the local copy of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.identity import current_principal
from crm_chassis.language import say


def require_assignable(session: Session, user_id: UUID, unit_id: UUID) -> None:
    """Raises Invalid at /assignee_id unless it is an active user who may be given a request of the unit.

    Who gets a request sees all of it, so they work in a unit that the caller's grant of ``request:assign`` reaches, or
    at or below the request's own.
    """
    user = org.users(session, [user_id]).get(user_id)
    works_in = {user.unit_id, *map(UUID, user.unit_ids)} if user is not None and user.active else set()
    if not any(_reaches(unit, unit_id) for unit in works_in):
        message = say("Choose an active user of the request's unit or of one that your roles reach.")
        raise errors.field_error("/assignee_id", "unknown", message)


def next_above(session: Session, unit_id: UUID, user_id: UUID | None) -> UUID | None:
    """The active manager to turn to after a user, None when nobody stands above.

    Who manages the unit or one above it is followed by the manager of the next one up, anybody else by the nearest.
    """
    managers = org.managers_above(session, unit_id)
    while user_id in managers:
        managers = managers[managers.index(user_id) + 1 :]
    return next(iter(managers), None)


def _reaches(unit: UUID, unit_id: UUID) -> bool:
    return unit_id in org.tree().ancestors(unit) or current_principal().reaches_unit("request:assign", unit)
