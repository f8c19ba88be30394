"""Keeping the tasks in step with the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..records import places
from ..records.models import KnownRecord
from ..records.rules import is_alive
from . import rules
from .models import Task

_KEY = ("resource", "record_id")
_INSERT = insert(Task)
_STORE = _INSERT.on_conflict_do_update(
    index_elements=_KEY, set_={column.name: column for column in _INSERT.excluded if column.name not in _KEY}
)


def note(session: Session, rows: Sequence[KnownRecord]) -> None:
    """Let the records wait for whom they wait now, or for nobody."""
    tasks, settled = [], []
    for row in rows:
        if row.resource not in rules.KINDS:
            continue
        people = rules.waits_for(row.resource, row.state) if is_alive(row.state) else []
        if people:
            tasks.append(_task(row, people))
        else:
            settled.append((row.resource, row.record_id))
    if tasks:
        session.connection().execute(_STORE, tasks)
    if settled:
        session.execute(delete(Task).where(tuple_(Task.resource, Task.record_id).in_(settled)))


def _task(row: KnownRecord, people: list[str]) -> dict[str, Any]:
    kind, owed = rules.KINDS[row.resource], rules.outstanding(row.state)
    return {
        "resource": row.resource,
        "record_id": row.record_id,
        "people": sorted(map(UUID, people)),
        "customer_id": row.customer_id,
        "title": row.state.get(kind.title) if kind.title else None,
        "status": row.state["status"],
        "due_at": rules.due_at(row.resource, row.state, places.zone_of(row.unit_id)),
        "amount": owed,
        "currency": row.state["amount"]["currency"] if owed is not None else None,
    }
