"""Saving, sharing and handing over views."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.database import everything
from crm_chassis.identity import current_principal
from crm_chassis.language import say

from . import queries
from .models import SavedView

OWN_MAX = 200
"""How many views one person may have."""


def create(session: Session, values: dict[str, Any]) -> SavedView:
    """Save a view for the caller. Raises StateConflict at ``OWN_MAX``, Invalid for a unit it cannot be shared with."""
    if queries.count_of(session, current_principal().user_id) >= OWN_MAX:
        raise errors.StateConflict(
            say("You have {count} saved views; remove one first.", count=OWN_MAX), code="limit_reached"
        )
    _refuse_sharing_beyond(session, values.get("shared_with_unit_id"))
    view = SavedView(**values)
    session.add(view)
    return view


def update(session: Session, view: SavedView, values: dict[str, Any]) -> None:
    """Change a view. Raises Invalid for another list, and for a unit it cannot be shared with."""
    if values.get("collection", view.collection) != view.collection:
        raise errors.field_error("/collection", "fixed", say("A view stays with its list; save another one."))
    unit_id = values.get("shared_with_unit_id", view.shared_with_unit_id)
    if unit_id != view.shared_with_unit_id:
        _refuse_sharing_beyond(session, unit_id)
    for name, value in values.items():
        setattr(view, name, value)


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Give the views that a person shares to another, so that somebody keeps them; the private ones stay."""
    with everything(session):
        shared = select(SavedView).where(SavedView.owner_id == from_user_id, SavedView.shared_with_unit_id.is_not(None))
        for view in session.scalars(shared):
            view.owner_id = to_user_id


def _refuse_sharing_beyond(session: Session, unit_id: UUID | None) -> None:
    """Raises Invalid unless the caller works in the unit or above it, and it is open."""
    if unit_id is None:
        return
    if queries.homes(session, current_principal().user_id).isdisjoint(org.tree().ancestors(unit_id)):
        message = say("Share with a unit that you work in, or one below it.")
        raise errors.field_error("/shared_with_unit_id", "out_of_scope", message)
    unit = session.get(org.OrgUnit, unit_id)
    if unit is None or not unit.active:
        raise errors.field_error("/shared_with_unit_id", "closed", say("Choose a unit that is open."))
