"""Remembering which rows a merge re-pointed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from .models import Repointed


def remember_repointed(
    session: Session, customer_id: UUID, place: str, record_ids: Iterable[UUID], *, joined: bool = False
) -> None:
    """Write down that these rows of ``place`` named the merged customer."""
    rows = [
        {"customer_id": customer_id, "place": place, "record_id": record_id, "joined": joined}
        for record_id in record_ids
    ]
    if rows:
        session.execute(insert(Repointed).values(rows).on_conflict_do_nothing())


def recall_repointed(session: Session, customer_id: UUID, place: str) -> dict[UUID, bool]:
    """The rows to give back to an unmerged customer, each with its ``joined``; they are forgotten with this."""
    back = delete(Repointed).where(Repointed.customer_id == customer_id, Repointed.place == place)
    rows = session.execute(back.returning(Repointed.record_id, Repointed.joined))
    return {row.record_id: row.joined for row in rows}
