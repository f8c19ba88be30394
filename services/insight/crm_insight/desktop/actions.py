"""Keeping the tasks in step with the records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..records.models import KnownRecord
from ..records.rules import is_alive
from . import rules
from .models import Task


def note(session: Session, row: KnownRecord) -> None:
    """Let the record wait for whom it waits now, or for nobody."""
    if row.resource not in rules.KINDS:
        return
    people = rules.waits_for(row.resource, row.state) if is_alive(row.state) else []
    if people:
        _store(session, _task(row, people))
    else:
        session.execute(delete(Task).where(Task.resource == row.resource, Task.record_id == row.record_id))


def _task(row: KnownRecord, people: list[str]) -> dict[str, Any]:
    kind, owed = rules.KINDS[row.resource], rules.outstanding(row.state)
    return {
        "resource": row.resource,
        "record_id": row.record_id,
        "people": sorted(map(UUID, people)),
        "customer_id": row.customer_id,
        "title": row.state.get(kind.title) if kind.title else None,
        "status": row.state["status"],
        "due_at": rules.due_at(row.resource, row.state),
        "amount": owed,
        "currency": row.state["amount"]["currency"] if owed is not None else None,
    }


def _store(session: Session, task: dict[str, Any]) -> None:
    statement = insert(Task).values(task)
    keys = ("resource", "record_id")
    changes = {name: statement.excluded[name] for name in task if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))
