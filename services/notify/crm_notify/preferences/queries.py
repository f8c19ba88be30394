"""Reading choices."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Preference
from .rules import EVERY_TOPIC, Choice


def rows_of(session: Session, user_ids: Iterable[UUID]) -> dict[tuple[UUID, str], Preference]:
    """The rows of some users by user and topic; the caller's scope does not narrow what a person chose for themselves."""
    rows = session.scalars(select(Preference).where(Preference.owner_id.in_(sorted(set(user_ids)))))
    return {(row.owner_id, row.topic): row for row in rows}


def effective(rows: dict[tuple[UUID, str], Preference], user_id: UUID, topic: str) -> Choice:
    """What holds for a user and topic: the default, over it the row for all topics, over it the topic's own."""
    found = (rows.get((user_id, EVERY_TOPIC)), rows.get((user_id, topic)))
    return Choice().over(row for row in found if row is not None)
