"""Changing choices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Preference


def choose(session: Session, *, user_id: UUID, unit_id: UUID, topic: str, values: dict[str, Any]) -> Preference:
    """Write a user's choice for a topic; fields not named stay, null returns to what holds for all topics."""
    row = session.scalar(
        select(Preference).where(Preference.owner_id == user_id, Preference.topic == topic).with_for_update()
    )
    if row is None:
        row = Preference(owner_id=user_id, unit_id=unit_id, topic=topic)
        session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    return row
