"""Checks on users against the local copy of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.identity import current_principal
from crm_chassis.language import say


def require_known(session: Session, ids: Sequence[UUID], pointer: str) -> None:
    """Raises Invalid at the pointer unless every one is an active user."""
    known = org.users(session, ids)
    if any(user_id not in known or not known[user_id].active for user_id in ids):
        raise errors.field_error(pointer, "unknown", say("Choose active users."))


def require_assignable(session: Session, user_id: UUID, permission: str) -> None:
    """Raises Invalid at /owner_id unless it is an active user of a unit that the caller's permission reaches."""
    user = org.users(session, [user_id]).get(user_id)
    if user is None or not user.active or not current_principal().reaches_unit(permission, user.unit_id):
        raise errors.field_error("/owner_id", "unknown", say("Choose an active user of a unit that your roles reach."))
