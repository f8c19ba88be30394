"""Learning what happened to a record, and deriving what is searched, counted and shown from it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from ..desktop import actions as desktop
from ..figures import actions as figures
from ..records import rules
from ..records.models import KnownRecord
from ..search import actions as search

BATCH = 500
BEGINNING = ("", UUID(int=0))


def learn(session: Session, resource: str, state: dict[str, Any], version: int) -> None:
    """Take over a record's state unless the known one is as new: duplicates and disorder change nothing."""
    key = (resource, UUID(state["id"]))
    former = select(KnownRecord.customer_id).where(KnownRecord.resource == key[0], KnownRecord.record_id == key[1])
    figures.hold(session, [session.scalar(former), rules.customer_of(resource, state)])
    row = session.get(KnownRecord, key, with_for_update=True, populate_existing=True)
    if row is None:
        row = KnownRecord(resource=resource, record_id=key[1], version=version, people=[], state={}, entries=[])
        session.add(row)
    elif row.version >= version:
        return
    if "name" not in state and resource == "customer":  # a merge may tell no more than who stands for whom
        state = rules.still_true(row.state) | state
    row.version = version
    _derive(session, [(row, state)])


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Give one user's open records to another: their services move them in bulk and publish no event for each."""
    mine = or_(KnownRecord.owner_id == from_user_id, KnownRecord.people.contains([from_user_id]))
    after: tuple[str, UUID] | None = BEGINNING
    while after:
        rows, after = _page(session, after, mine)
        moved = [row for row in rows if rules.is_open(row.resource, row.state)]
        users = (str(from_user_id), str(to_user_id))
        _derive(session, [(row, rules.handed_over(row.state, *users)) for row in moved])


def rederive(session: Session, after: tuple[str, UUID]) -> tuple[str, UUID] | None:
    """Derive everything anew for a batch of records; answers where to go on, None at the end."""
    rows, following = _page(session, after)
    _derive(session, [(row, row.state) for row in rows])
    return following


def _derive(session: Session, told: list[tuple[KnownRecord, dict[str, Any]]]) -> None:
    """Write the states of locked records and everything that follows from them."""
    changes = figures.Changes()
    for row, state in told:
        before, known = figures.posted(row), row.state
        row.state = state
        row.unit_id = UUID(state["unit_id"]) if state.get("unit_id") else None
        row.owner_id = rules.responsible(row.resource, state)
        row.customer_id = rules.customer_of(row.resource, state)
        row.people = rules.people(state)
        row.entries = figures.entries_of(row)
        figures.repost(session, changes, row, before=before, known=known)
        search.index(session, row)
        desktop.note(session, row)
    session.flush()
    figures.write(session, changes)


def _page(
    session: Session, after: tuple[str, UUID], *conditions: Any
) -> tuple[list[KnownRecord], tuple[str, UUID] | None]:
    """The next records in the order of their keys, locked with their customers, and the last key (None at the end)."""
    key = (KnownRecord.resource, KnownRecord.record_id)
    page = select(*key, KnownRecord.customer_id).where(tuple_(*key) > after, *conditions).order_by(*key).limit(BATCH)
    found = session.execute(page).all()
    if not found:
        return [], None
    figures.hold(session, [customer_id for _, _, customer_id in found])
    chosen = select(KnownRecord).where(tuple_(*key).in_([(resource, each) for resource, each, _ in found]))
    rows = session.scalars(chosen.order_by(*key).with_for_update().execution_options(populate_existing=True)).all()
    return list(rows), (found[-1][0], found[-1][1])
