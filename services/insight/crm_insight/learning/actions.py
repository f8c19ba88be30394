"""Learning what happened to a record, and deriving what is searched, counted and shown from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from ..desktop import actions as desktop
from ..figures import actions as figures
from ..records import rules
from ..records.models import KnownRecord
from ..search import actions as search

BATCH = 500
KEY = (KnownRecord.resource, KnownRecord.record_id)

Key = tuple[str, UUID]

BEGINNING: Key = ("", UUID(int=0))


class Told(NamedTuple):
    """What an event tells about one record."""

    resource: str
    state: dict[str, Any]
    version: int

    @property
    def key(self) -> Key:
        """The record's key."""
        return self.resource, UUID(self.state["id"])


def learn(session: Session, told: Sequence[Told]) -> None:
    """Take over records' states, each unless the known one is as new: duplicates and disorder change nothing."""
    known = _known(session, told)
    newest: dict[KnownRecord, dict[str, Any]] = {}
    for each in told:
        row = known[each.key]
        if row.version >= each.version:
            continue
        state = each.state
        if "name" not in state and row.resource == "customer":  # a merge may tell no more than who stands for whom
            state = rules.still_true(newest.get(row, row.state)) | state
        row.version, newest[row] = each.version, state
    _derive(session, list(newest.items()))


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Give one user's open records to another: their services move them in bulk and publish no event for each."""
    mine = or_(KnownRecord.owner_id == from_user_id, KnownRecord.people.contains([from_user_id]))
    after: Key | None = BEGINNING
    while after:
        rows, after = _page(session, after, mine)
        moved = [row for row in rows if rules.is_open(row.resource, row.state)]
        users = (str(from_user_id), str(to_user_id))
        _derive(session, [(row, rules.handed_over(row.state, *users)) for row in moved])


def rederive(session: Session, after: Key) -> Key | None:
    """Derive everything anew for a batch of records; answers where to go on, None at the end."""
    rows, following = _page(session, after)
    _derive(session, [(row, row.state) for row in rows])
    return following


def _known(session: Session, told: Sequence[Told]) -> dict[Key, KnownRecord]:
    """The records that are told about, locked with their customers; those not known yet are new and empty."""
    keys = sorted({each.key for each in told})
    formers = session.scalars(select(KnownRecord.customer_id).where(tuple_(*KEY).in_(keys)))
    figures.hold(session, [*formers, *(rules.customer_of(each.resource, each.state) for each in told)])
    known = {(row.resource, row.record_id): row for row in _locked(session, keys)}
    for resource, record_id in keys:
        if (resource, record_id) not in known:
            row = KnownRecord(resource=resource, record_id=record_id, version=-1, people=[], state={}, entries=[])
            session.add(row)
            known[resource, record_id] = row
    return known


def _derive(session: Session, told: Sequence[tuple[KnownRecord, dict[str, Any]]]) -> None:
    """Write the states of locked records and everything that follows from them."""
    changes = [_restated(row, state) for row, state in told]
    rows = [row for row, _ in told]
    session.flush()
    figures.post(session, changes)
    search.index(session, rows)
    desktop.note(session, rows)


def _restated(row: KnownRecord, state: dict[str, Any]) -> figures.Change:
    change = figures.Change(row, before=figures.posted(row), known=row.state)
    row.state = state
    row.unit_id = UUID(state["unit_id"]) if state.get("unit_id") else None
    row.owner_id = rules.responsible(row.resource, state)
    row.customer_id = rules.customer_of(row.resource, state)
    row.people = rules.people(state)
    row.entries = figures.entries_of(row)
    return change


def _page(session: Session, after: Key, *conditions: Any) -> tuple[list[KnownRecord], Key | None]:
    """The next records in the order of their keys, locked with their customers, and the last key (None at the end)."""
    page = select(*KEY, KnownRecord.customer_id).where(tuple_(*KEY) > after, *conditions).order_by(*KEY).limit(BATCH)
    found = session.execute(page).all()
    if not found:
        return [], None
    figures.hold(session, [customer_id for _, _, customer_id in found])
    keys = [(resource, record_id) for resource, record_id, _ in found]
    return _locked(session, keys), keys[-1]


def _locked(session: Session, keys: Sequence[Key]) -> list[KnownRecord]:
    """Known records in the order of their keys, as they are now, locked until the transaction ends."""
    chosen = select(KnownRecord).where(tuple_(*KEY).in_(keys)).order_by(*KEY).with_for_update()
    return list(session.scalars(chosen.execution_options(populate_existing=True)))
