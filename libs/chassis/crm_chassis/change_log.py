"""Who changed what from what to what: written by the session itself for every Record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock, ids, logs
from .identity import principal_or_none
from .tables import ChassisBase

_SILENT = frozenset({"version", "updated_at", "updated_by", "created_at", "created_by", "id"})


class Change(ChassisBase):
    """One saved change of one record. changes: field -> [before, after]."""

    __tablename__ = "change_log"
    __table_args__ = (Index("ix_change_log_record", "record_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    resource: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    request_id: Mapped[str | None] = mapped_column(String(80))
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)


def collect(session: Session, _context: Any, _instances: Any) -> None:
    """Session hook: add a Change for every new or modified Record in this flush."""
    from .database import Record

    principal = principal_or_none()
    common = {
        "at": clock.now(),
        "actor_id": principal.user_id if principal else None,
        "request_id": logs.request_id(),
    }
    found = []
    for row in session.new:
        if isinstance(row, Record) and row.__tracked__:
            row.id = row.id or ids.uuid7()
            found.append(Change(resource=row.__resource__, record_id=row.id, action="created", changes={}, **common))
    for row in session.dirty:
        if isinstance(row, Record) and row.__tracked__ and (changes := _changes(row)):
            action = "deleted" if changes.get("deleted_at", [1, None])[1] else "changed"
            found.append(Change(resource=row.__resource__, record_id=row.id, action=action, changes=changes, **common))
    session.add_all(found)


def _changes(row: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for attribute in inspect(row).mapper.column_attrs:
        if attribute.key in _SILENT:
            continue
        history = inspect(row).attrs[attribute.key].history
        if history.has_changes():
            before = history.deleted[0] if history.deleted else None
            after = history.added[0] if history.added else None
            if before != after:
                found[attribute.key] = [before, after]
    return found
