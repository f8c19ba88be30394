"""Keeping the sums: what a record added before is taken out, what it adds now is put in, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table, func, select, text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from ..records import places
from ..records.models import KnownRecord
from ..records.rules import is_alive
from . import rules
from .models import CUSTOMER_KEY, FIGURE_KEY, CustomerFigure, Figure
from .rules import Entry

Dimensions = tuple[str | None, str | None]
Sums = dict[tuple[Any, ...], Decimal]

_LOCK = text("""
    SELECT pg_advisory_xact_lock(hashtext('figures'), bucket)
    FROM (SELECT unnest(CAST(:buckets AS int[])) AS bucket ORDER BY 1) AS wanted
""")
_BUCKETS = 1024  # one lock for each customer would fill the server's lock table in a large handover


class Posting(NamedTuple):
    """What a record added to the figures, and under whose name."""

    unit_id: UUID | None
    owner_id: UUID | None
    customer_id: UUID | None
    entries: list[Entry]


def posted(row: KnownRecord) -> Posting:
    """What the record adds as far as the figures know."""
    return Posting(row.unit_id, row.owner_id, row.customer_id, [Entry.from_json(stored) for stored in row.entries])


def entries_of(row: KnownRecord) -> list[Any]:
    """What the record adds in its present state, in stored form."""
    if not is_alive(row.state):
        return []
    return [entry.to_json() for entry in rules.entries(row.resource, row.state, places.zone_of(row.unit_id))]


class Change(NamedTuple):
    """A record that was given a new state. before: what it added until now. known: its former state."""

    row: KnownRecord
    before: Posting
    known: dict[str, Any]


def hold(session: Session, customers: Iterable[UUID | None]) -> None:
    """Let nobody else count for these customers until the transaction ends.

    Without it an order could be counted under the region its customer is just leaving. Taken before any record is
    locked, all at once and in one order, so that two transactions never wait for each other in a circle.
    """
    buckets = sorted({each.int % _BUCKETS for each in customers if each})
    if buckets:
        session.execute(_LOCK, {"buckets": buckets})


def post(session: Session, changes: Sequence[Change]) -> None:
    """Bring the sums from what records added before to what they add now; the records are written, their customers held."""
    sums: Sums = defaultdict(Decimal)
    of_customers: Sums = defaultdict(Decimal)
    # Customers first: what is known to be counted for one moves along, and all else is counted where the customer is now.
    for change in changes:
        if change.row.resource == "customer":
            _repost_customer(session, sums, change)
    others = [(change.before, posted(change.row)) for change in changes if change.row.resource != "customer"]
    others = [(before, after) for before, after in others if before.entries or after.entries]
    places = _dimensions(session, {each.customer_id for both in others for each in both})
    for both in others:
        for sign, posting in zip((-1, 1), both, strict=True):
            _add(sums, posting, sign, places.get(posting.customer_id, (None, None)))
            _add_customer(of_customers, posting, sign)
    _write(session, Figure, FIGURE_KEY, sums)
    _write(session, CustomerFigure, CUSTOMER_KEY, of_customers)


def _repost_customer(session: Session, sums: Sums, change: Change) -> None:
    """A customer's new region or level takes along everything counted for it."""
    row = change.row
    here, there = rules.dimensions(change.known), rules.dimensions(row.state)
    _add(sums, change.before, -1, here)
    _add(sums, posted(row), 1, there)
    if here != there:
        _move(session, sums, row.record_id, here, there)


def _move(session: Session, sums: Sums, customer_id: UUID, here: Dimensions, there: Dimensions) -> None:
    for each in session.scalars(select(CustomerFigure).where(CustomerFigure.customer_id == customer_id)):
        key = (each.measure, each.month, each.unit_id, each.owner_id)
        sums[(*key, *here, each.label, each.currency)] -= each.value
        sums[(*key, *there, each.label, each.currency)] += each.value


def _add(sums: Sums, posting: Posting, sign: int, place: Dimensions) -> None:
    for entry in posting.entries:
        key = (entry.measure, entry.month, posting.unit_id, posting.owner_id, *place, entry.label, entry.currency)
        sums[key] += sign * entry.value


def _add_customer(sums: Sums, posting: Posting, sign: int) -> None:
    for entry in posting.entries if posting.customer_id else ():
        key = (posting.customer_id, entry.measure, entry.month, posting.unit_id, posting.owner_id)
        sums[(*key, entry.label, entry.currency)] += sign * entry.value


def _dimensions(session: Session, customers: Iterable[UUID | None]) -> dict[UUID | None, Dimensions]:
    wanted = [each for each in customers if each]
    if not wanted:
        return {}
    known = select(KnownRecord.record_id, KnownRecord.state["region_code"].astext, KnownRecord.state["level"].astext)
    rows = session.execute(known.where(KnownRecord.resource == "customer", KnownRecord.record_id.in_(wanted)))
    return {customer_id: (region or None, level or None) for customer_id, region, level in rows}


def _write(session: Session, model: type[Any], key: tuple[str, ...], sums: Sums) -> None:
    """Add to the sums, all rows in one order, so that two transactions never wait for each other in a circle."""
    changed = sorted(((each, value) for each, value in sums.items() if value), key=lambda item: str(item[0]))
    if not changed:
        return
    rows = [dict(zip(key, each, strict=True)) | {"value": value} for each, value in changed]
    session.connection().execute(_adding(model.__table__), rows)


@cache  # every event of an order, a request or a claim pays for it
def _adding(table: Table) -> Insert:
    statement = insert(table)
    total = table.c.value + statement.excluded.value
    return statement.on_conflict_do_update(constraint=f"uq_{table.name}_key", set_={"value": total})


_RECOUNT = (
    """
    INSERT INTO figures (measure, month, unit_id, owner_id, region_code, level, label, currency, value)
    SELECT e ->> 0, (e ->> 1)::date, r.unit_id, r.owner_id, NULLIF(c.state ->> 'region_code', ''),
           NULLIF(c.state ->> 'level', ''), e ->> 3, e ->> 4, sum((e ->> 2)::numeric)
    FROM records r CROSS JOIN LATERAL jsonb_array_elements(r.entries) e
    LEFT JOIN records c ON c.resource = 'customer' AND c.record_id = r.customer_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    """,
    """
    INSERT INTO customer_figures (customer_id, measure, month, unit_id, owner_id, label, currency, value)
    SELECT r.customer_id, e ->> 0, (e ->> 1)::date, r.unit_id, r.owner_id, e ->> 3, e ->> 4, sum((e ->> 2)::numeric)
    FROM records r CROSS JOIN LATERAL jsonb_array_elements(r.entries) e
    WHERE r.customer_id IS NOT NULL AND r.resource <> 'customer'
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    """,
)


def recount(session: Session) -> int:
    """Sum everything anew from what the records add; events wait meanwhile. Answers how many figures there are."""
    session.execute(text("SET LOCAL statement_timeout = '15min'"))
    session.execute(text("LOCK TABLE figures, customer_figures IN SHARE ROW EXCLUSIVE MODE"))
    session.execute(text("DELETE FROM figures"))
    session.execute(text("DELETE FROM customer_figures"))
    for statement in _RECOUNT:
        session.execute(text(statement))
    return session.scalar(select(func.count()).select_from(Figure)) or 0
