"""Reading what saved views need."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_chassis import org

from .models import SavedView


def count_of(session: Session, user_id: UUID) -> int:
    """How many views a person has."""
    return session.scalar(select(func.count()).select_from(SavedView).where(SavedView.owner_id == user_id)) or 0


def homes(session: Session, user_id: UUID) -> frozenset[UUID]:
    """The units a person works in."""
    user = session.get_one(org.OrgUser, user_id)
    return frozenset({user.unit_id, *map(UUID, user.unit_ids)})
