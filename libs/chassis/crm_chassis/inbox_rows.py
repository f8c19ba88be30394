"""The inbox table and how a row moves: pending or parked until it is done, ignored or dead.

``crm_chassis.inbox`` decides what happened to an event; this module writes it down.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Delete,
    Index,
    Integer,
    Text,
    Update,
    delete,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm_contracts.envelope import Envelope

from . import clock
from .schedules import Schedule
from .tables import ChassisBase

log = structlog.get_logger()

RETRY_AFTER_S: tuple[int, ...] = (1, 5, 30, 120, 600)
"""Seconds before the second, third … attempt; one more failure after the last is death."""

FINAL = ("done", "ignored", "dead", "dropped")

_WAITS = "status IN ('pending', 'parked')"
_IS_DEAD = "status = 'dead'"
_UNSETTLED = "status IN ('dead', 'ignored')"
"""Conditions are written out where a partial index stands for them: a parameter would hide them from the planner."""

_LONGEST_WAIT = timedelta(seconds=RETRY_AFTER_S[-1])
KEPT_DAYS = 45  # longer than the producers' outboxes, or a sweep from the start would repeat forgotten events
_TROUBLE_AFTER_S = 5
_PARKED_AFTER_S = 30
_PARKED_LIMIT = timedelta(days=1)
_BUSY_AFTER_S = 1
_FRESH_LEASE_S = 30
_FORGOTTEN_AT_ONCE = 10_000


class InboxRow(ChassisBase):
    """One received event.

    status: pending, parked (both will be tried at ``next_attempt_at``), done, ignored (no handler yet), dead (given up until
    somebody decides) or dropped (an operator decided that it is not needed).
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index(
            "ix_inbox_due",
            "next_attempt_at",
            postgresql_where=_WAITS,
        ),
        Index(
            "ix_inbox_aggregate",
            "source",
            "aggregate_id",
            postgresql_where="status = 'parked'",
        ),
        Index(
            "ix_inbox_unsettled",
            "status",
            "type",
            postgresql_where=_UNSETTLED,
        ),
        Index("ix_inbox_received", "received_at"),
    )

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    pos: Mapped[int | None] = mapped_column(BigInteger)
    aggregate_id: Mapped[UUID]
    aggregate_version: Mapped[int] = mapped_column(Integer)
    type: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[UUID | None]
    envelope: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, default="pending", server_default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)
    replayed: Mapped[bool] = mapped_column(default=False, server_default="false")
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def values_of(envelope: Envelope, pos: int | None) -> dict[str, Any]:
    """The columns of a new row, due now."""
    now = clock.now()
    return {
        "source": envelope.source,
        "event_id": UUID(envelope.id),
        "pos": pos,
        "aggregate_id": UUID(envelope.subject),
        "aggregate_version": envelope.aggregateversion,
        "type": envelope.type,
        "unit_id": UUID(envelope.unitid) if envelope.unitid else None,
        "envelope": envelope.to_dict(),
        "next_attempt_at": now,
        "received_at": now,
    }


_ENTER = insert(InboxRow).on_conflict_do_nothing().returning(InboxRow.event_id)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_LOCK_ALL = text("SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest(CAST(:keys AS text[])) AS k")
_TRY_LOCK_ALL = text(
    "SELECT k, pg_try_advisory_xact_lock(hashtextextended(k, 0)) AS free FROM unnest(CAST(:keys AS text[])) AS k"
)
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
_WAKE_PARKED = text(
    "UPDATE inbox SET next_attempt_at = :now WHERE source = :source AND aggregate_id = :aggregate AND status = 'parked'"
)


def enter(session: Session, envelope: Envelope, pos: int | None, status: str) -> bool:
    """Write the event's row unless it is there; answers whether it is new.

    A row entered with a final status stands and falls with the transaction that makes the status true.
    """
    values = values_of(envelope, pos) | {"status": status}
    if status in FINAL:
        values |= {"next_attempt_at": None, "handled_at": clock.now()}
    # Prepared once and sent past the ORM: this is the statement every event of every service pays for.
    return session.connection().execute(_ENTER, values).first() is not None


def locked(session: Session, envelope: Envelope, pos: int | None) -> InboxRow:
    """The event's row, made when it is new, locked until the transaction ends."""
    enter(session, envelope, pos, "pending")
    return session.get_one(InboxRow, (envelope.source, UUID(envelope.id)), with_for_update=True)


def lock_aggregate(session: Session, envelope: Envelope) -> None:
    """Wait until nobody else handles an event of this aggregate; held until the transaction ends."""
    session.connection().execute(_LOCK, {"key": _key(envelope)})


def try_lock_aggregate(session: Session, envelope: Envelope) -> bool:
    """The same without waiting; False when somebody else has it."""
    return bool(session.connection().scalar(_TRY_LOCK, {"key": _key(envelope)}))


def is_known(session: Session, envelope: Envelope) -> bool:
    """Whether the inbox has the event, in whatever state."""
    return session.get(InboxRow, (envelope.source, UUID(envelope.id))) is not None


def lock_aggregates(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Wait until nobody else handles an event of any of these aggregates; held until the transaction ends.

    Locks are taken in one order everywhere, so that two batches wait for each other instead of standing still.
    """
    session.connection().execute(_LOCK_ALL, {"keys": sorted({_key(envelope) for envelope in envelopes})})


def enter_together(
    session: Session, messages: Sequence[tuple[Envelope, int | None]], *, replayed: Container[int] = ()
) -> int:
    """Write the rows of events that are not there yet, as pending; answers how many that were.

    replayed: the numbers of those that are replays.
    """
    rows = [values_of(envelope, pos) | {"replayed": pos in replayed} for envelope, pos in messages]
    return len(session.connection().execute(_ENTER, rows).all()) if rows else 0


def locked_together(session: Session, envelopes: Sequence[Envelope]) -> list[tuple[Envelope, bool]]:
    """The events that still wait, each once and in their order, with whether it is a replay; their rows are locked."""
    rows = session.execute(
        select(InboxRow.source, InboxRow.event_id, InboxRow.status, InboxRow.replayed)
        .where(_among(envelopes))
        .order_by(InboxRow.event_id)
        .with_for_update()
    )
    waiting = {(row.source, str(row.event_id)): row.replayed for row in rows if row.status not in FINAL}
    keyed = {(envelope.source, envelope.id): envelope for envelope in envelopes}
    return [(envelope, waiting[key]) for key, envelope in keyed.items() if key in waiting]


def settle_together(session: Session, envelopes: Sequence[Envelope], handled: Container[str]) -> None:
    """A batch needs nothing more: ``done`` where a handler is known, else ``ignored``; wakes parked successors."""
    now = clock.now()
    for status in ("done", "ignored"):
        settled = [e for e in envelopes if (e.type in handled) == (status == "done")]
        values = {"status": status, "handled_at": now, "next_attempt_at": None, "last_error": None}
        if settled:
            _changed(session, update(InboxRow).where(_among(settled)).values(**values))
    aggregates = [UUID(envelope.subject) for envelope in envelopes]
    of_these = _of_sources(envelopes) & InboxRow.aggregate_id.in_(aggregates)
    _changed(session, update(InboxRow).where(text("status = 'parked'"), of_these).values(next_attempt_at=now))


def _among(envelopes: Sequence[Envelope]) -> ColumnElement[bool]:
    """The rows of these events. An id is unique without its source, but the key begins with it and so finds the rows."""
    return _of_sources(envelopes) & InboxRow.event_id.in_([UUID(envelope.id) for envelope in envelopes])


def _of_sources(envelopes: Sequence[Envelope]) -> ColumnElement[bool]:
    return InboxRow.source.in_(sorted({envelope.source for envelope in envelopes}))


def settle(row: InboxRow, status: str) -> None:
    """The event needs nothing more."""
    row.status, row.handled_at, row.next_attempt_at, row.last_error = (
        status,
        clock.now(),
        None,
        None,
    )


def count_failure(row: InboxRow, error: str, *, counted: bool) -> None:
    """Charge one attempt unless it was charged before it was made; no attempts left means dead."""
    row.attempts += not counted
    row.last_error = error
    if row.attempts > len(RETRY_AFTER_S):
        _bury(row)
    else:
        row.status = "pending"
        row.next_attempt_at = clock.now() + timedelta(seconds=RETRY_AFTER_S[row.attempts - 1])


def park(row: InboxRow, reason: str, *, counted: bool) -> None:
    """Keep an early event. That costs no attempts; after a day the missing predecessor is a case for people."""
    row.attempts -= counted
    row.last_error = reason
    row.status, row.next_attempt_at = (
        "parked",
        clock.now() + timedelta(seconds=_PARKED_AFTER_S),
    )
    if clock.now() - row.received_at > _PARKED_LIMIT:
        _bury(row)


def postpone(row: InboxRow, error: str, *, counted: bool) -> None:
    """Try again soon without charging the event: its surroundings failed."""
    row.attempts -= counted
    row.last_error = error
    row.next_attempt_at = clock.now() + timedelta(seconds=_TROUBLE_AFTER_S)


def wake_parked(session: Session, envelope: Envelope) -> None:
    """Make the aggregate's parked events due: their predecessor may just have been handled."""
    parameters = {"now": clock.now(), "source": envelope.source, "aggregate": UUID(envelope.subject)}
    session.connection().execute(_WAKE_PARKED, parameters)


def claim(session: Session, limit: int) -> list[tuple[Envelope, int | None]]:
    """Charge the attempt of the next due events, oldest first, and answer those that are to be tried now.

    Events that never failed are claimed by the batch, those that did one by one: when a process dies of one, only
    the culprit goes on paying. An event whose aggregate is being handled elsewhere is left for a second, uncharged.
    """
    due = (
        select(InboxRow)
        .where(
            text(_WAITS),
            clock.due(InboxRow.next_attempt_at, _LONGEST_WAIT),
        )
        .order_by(InboxRow.next_attempt_at, InboxRow.source, InboxRow.pos)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(due))
    fresh = [row for row in rows if row.attempts == 0]
    chosen = fresh if rows and rows[0].attempts == 0 else rows[:1]
    envelopes = [(row, Envelope.from_dict(row.envelope)) for row in chosen]
    free = _free_aggregates(session, {_key(envelope) for _, envelope in envelopes})
    return [(envelope, row.pos) for row, envelope in envelopes if _charge(row, free=_key(envelope) in free)]


def lag(session: Session) -> dict[str, float]:
    """What waits: counts of ``pending``, ``parked`` and ``dead`` events, age of the oldest waiting one (``oldest_s``).

    Two looks at partial indexes: what is settled, 45 days of events, is not read.
    """
    waiting = select(InboxRow.status, func.count(), func.min(InboxRow.received_at)).where(text(_WAITS))
    rows = session.execute(waiting.group_by(InboxRow.status)).all()
    counts = {status: count for status, count, _ in rows}
    oldest = min((since for _, _, since in rows), default=None)
    return {
        "pending": counts.get("pending", 0),
        "parked": counts.get("parked", 0),
        "dead": session.scalar(select(func.count()).select_from(InboxRow).where(text(_IS_DEAD))) or 0,
        "oldest_s": (clock.now() - oldest).total_seconds() if oldest else 0.0,
    }


def dead(session: Session, limit: int) -> list[InboxRow]:
    """The dead events, the latest first."""
    found = select(InboxRow).where(text(_IS_DEAD)).order_by(InboxRow.received_at.desc(), InboxRow.event_id).limit(limit)
    return list(session.scalars(found))


def wake_ignored(session: Session, types: Sequence[str], limit: int) -> int:
    """Make up to ``limit`` ignored events of these types due; answers how many. Rows that somebody else has are left."""
    ignored = select(InboxRow.source, InboxRow.event_id).where(text("status = 'ignored'"), InboxRow.type.in_(types))
    chosen = ignored.limit(limit).with_for_update(skip_locked=True)
    woken = update(InboxRow).where(tuple_(InboxRow.source, InboxRow.event_id).in_(chosen))
    values = {"status": "pending", "attempts": 0, "next_attempt_at": clock.now()}
    return _changed(session, woken.values(**values))


def replay_next(session: Session, source: str, pos: int, after: UUID, limit: int) -> UUID | None:
    """Make settled events of a source from ``pos`` on due as replays, among the next ``limit`` it has after an id.

    Answers the last id looked at, to go on from; None when there are no more. Ids are in the order of time.
    """
    key = select(InboxRow.event_id).where(InboxRow.source == source, InboxRow.event_id > after)
    looked_at = list(session.scalars(key.order_by(InboxRow.event_id).limit(limit)))
    if not looked_at:
        return None
    again = update(InboxRow).where(
        InboxRow.source == source,
        InboxRow.event_id.between(looked_at[0], looked_at[-1]),
        InboxRow.pos >= pos,
        InboxRow.status.in_(("done", "ignored", "dead")),
    )
    _changed(session, again.values(status="pending", attempts=0, next_attempt_at=clock.now(), replayed=True))
    return looked_at[-1]


def forget_old(session: Session) -> None:
    """Remove settled events received more than 45 days ago, _FORGOTTEN_AT_ONCE at most, the oldest first.

    Dead ones stay until somebody decides.
    """
    horizon = clock.now() - timedelta(days=KEPT_DAYS)
    settled = InboxRow.status.in_(("done", "ignored", "dropped"))
    old = select(InboxRow.source, InboxRow.event_id).where(InboxRow.received_at < horizon, settled)
    chosen = old.order_by(InboxRow.received_at).limit(_FORGOTTEN_AT_ONCE)
    _changed(session, delete(InboxRow).where(tuple_(InboxRow.source, InboxRow.event_id).in_(chosen)))


RETENTION = Schedule(name="inbox.retention", every_s=600, run=forget_old)


def _changed(session: Session, statement: Update | Delete) -> int:
    """Run a statement past the session's own rows; answers how many rows it changed."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount  # type: ignore[attr-defined]


def _free_aggregates(session: Session, keys: set[str]) -> set[str]:
    """Those of the aggregates nobody else handles now, locked until the transaction ends."""
    rows = session.connection().execute(_TRY_LOCK_ALL, {"keys": sorted(keys)}) if keys else ()
    return {row.k for row in rows if row.free}


def _charge(row: InboxRow, *, free: bool) -> bool:
    if not free:
        row.next_attempt_at = clock.now() + timedelta(seconds=_BUSY_AFTER_S)
        return False
    if row.attempts > len(RETRY_AFTER_S):  # it was being tried for the last time when its process died
        _bury(row)
        return False
    row.attempts += 1
    lease_s = _FRESH_LEASE_S if row.attempts == 1 else RETRY_AFTER_S[min(row.attempts, len(RETRY_AFTER_S)) - 1]
    row.next_attempt_at = clock.now() + timedelta(seconds=lease_s)
    return True


def _bury(row: InboxRow) -> None:
    row.status, row.next_attempt_at = "dead", None
    log.error(
        "inbox_dead",
        source=row.source,
        event_id=str(row.event_id),
        type=row.type,
        error=row.last_error,
    )


def _key(envelope: Envelope) -> str:
    return f"{envelope.source}:{envelope.subject}"
