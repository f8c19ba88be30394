"""The inbox: every event that reached this service, handled exactly once however often and in whatever order it came.

An event arrives from the broker (``receive``) or from the peers' feeds (``take_in``, called by the sweeper). Its row,
the effects of its handler and the events the handler announces are one transaction. What fails stays here as
``pending`` and is tried again from the database; what keeps failing becomes ``dead`` and waits for an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg.errors
import structlog
from sqlalchemy import Table, Uuid, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from crm_contracts.envelope import Envelope

from . import clock, crash, inbox_rows, logs
from .database import system_transaction
from .inbox_rows import FINAL, RETENTION, RETRY_AFTER_S, InboxRow, lag

if TYPE_CHECKING:
    from .service import Handler, Runtime

__all__ = [
    "FIRST",
    "RETENTION",
    "RETRY_AFTER_S",
    "WOKEN_AT_ONCE",
    "DatabaseAway",
    "InboxRow",
    "Parked",
    "Together",
    "current_event",
    "dead_letters",
    "drop",
    "known",
    "lag",
    "receive",
    "receive_together",
    "replay",
    "replay_batch",
    "replay_from",
    "replaying",
    "retry_due",
    "take_in",
    "upsert_copy",
    "wake_ignored",
]

log = structlog.get_logger()

TROUBLE = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError)
"""What the surroundings raise when they fail; it never costs an event an attempt."""

WOKEN_AT_ONCE = 1000

_FRESH_BATCH = 50
_REPLAYED_AT_ONCE = 5000
FIRST = UUID(int=0)
"""Where ``replay_batch`` begins."""


class Parked(Exception):
    """A handler's answer to an event that came too early: keep it until version ``needs_version`` was handled."""

    def __init__(self, needs_version: int) -> None:
        super().__init__(f"waits for version {needs_version}")
        self.needs_version = needs_version


class DatabaseAway(Exception):
    """The event could not be handled and that could not be written down either; it is still in its outbox."""


@dataclass(frozen=True)
class Together:
    """A handler that takes all events of a batch in their order at once, which spares statements; it announces nothing.

    handle: function(session, envelopes). A record may be told about more than once among them.
    """

    handle: Callable[[Session, Sequence[Envelope]], None]

    def __call__(self, session: Session, envelope: Envelope) -> None:
        """Handle an event that came alone."""
        self.handle(session, [envelope])


_event: ContextVar[Envelope | None] = ContextVar("crm_event", default=None)
_replaying: ContextVar[bool] = ContextVar("crm_replaying", default=False)


def current_event() -> Envelope | None:
    """The event being handled, None outside of a handler."""
    return _event.get()


def replaying() -> bool:
    """Whether the event being handled is a replay: nothing may leave the house (no mail, no webhook) because of it."""
    return _replaying.get()


def receive(
    runtime: Runtime,
    envelope: Envelope,
    pos: int | None = None,
    *,
    redelivered: bool = False,
) -> str:
    """Handle an event from the broker and answer its status afterwards; a duplicate does nothing.

    A redelivered event may have killed the process that had it before, so it is only counted here and handled from
    the database, by ``retry_due``. Raises DatabaseAway when nothing at all could be written.
    """
    with runtime.activate():
        crash.point("in_receive")
        try:
            return _count_redelivery(envelope, pos) if redelivered else _attempt(runtime, envelope, pos)
        except TROUBLE as error:
            raise DatabaseAway(str(error)) from error


def receive_together(runtime: Runtime, messages: Sequence[tuple[Envelope, int | None]]) -> bool:
    """Handle events from the broker in one transaction, known ones not again; False, and nothing done, if one fails.

    None of them may be redelivered: what may have killed a process is counted first, by ``receive``.
    """
    with runtime.activate():
        for _ in messages:
            crash.point("in_receive")
        return _attempt_together(runtime, messages, new=True)


def take_in(session: Session, events: Sequence[tuple[int, Envelope]], *, replay_until: int = 0) -> int:
    """Put events read from a feed into the inbox as due now, leaving known ones alone; answers how many were new.

    Events with a ``pos`` up to ``replay_until`` are marked as replayed.
    """
    replayed = range(1, replay_until + 1)
    return inbox_rows.enter_together(session, [(envelope, pos) for pos, envelope in events], replayed=replayed)


def known(session: Session, source: str, event_ids: Iterable[str]) -> set[UUID]:
    """Which of a source's events are in the inbox, in whatever state."""
    wanted = literal([UUID(each) for each in event_ids], ARRAY(Uuid))
    rows = select(InboxRow.event_id).where(InboxRow.source == source, InboxRow.event_id == any_(wanted))
    return set(session.scalars(rows))


def retry_due(runtime: Runtime, limit: int = 200) -> int:
    """Handle up to ``limit`` due events from the database, oldest first; answers how many were tried.

    An attempt is committed before it is made, so an event that kills its process is counted too.
    """
    tried = 0
    with runtime.activate():
        while tried < limit and (now := _retry_batch(runtime, min(_FRESH_BATCH, limit - tried))):
            tried += now
    return tried


def _retry_batch(runtime: Runtime, limit: int) -> int:
    with runtime.handling:
        with system_transaction() as session:
            claimed = inbox_rows.claim(session, limit)
        if claimed and not _attempt_together(runtime, claimed):
            for envelope, pos in claimed:
                _attempt(runtime, envelope, pos, counted=True)
        return len(claimed)


def upsert_copy(session: Session, model: type[Any], values: dict[str, Any], version: int) -> bool:
    """Write a local copy of another service's row unless the copy at hand is as new or newer.

    values: every column but ``version``, the primary key included. Answers whether the copy changed.
    """
    statement = _upsert(model.__table__, tuple(values))
    return session.connection().execute(statement, {**values, "version": version}).first() is not None


@cache  # every event of every copy pays for it
def _upsert(table: Table, columns: tuple[str, ...]) -> ReturningInsert[Any]:
    row = insert(table)
    keys = [column.name for column in table.primary_key]
    changes = {name: row.excluded[name] for name in (*columns, "version") if name not in keys}
    newer = row.on_conflict_do_update(index_elements=keys, set_=changes, where=table.c.version < row.excluded.version)
    return newer.returning(*table.primary_key)


def dead_letters(session: Session, limit: int = 50) -> list[InboxRow]:
    """The dead events, the latest first, for the operators."""
    return inbox_rows.dead(session, limit)


def replay(session: Session, source: str, event_id: UUID) -> bool:
    """Give a dead, ignored or dropped event a new life with fresh attempts; answers whether there was one."""
    revived = (
        update(InboxRow)
        .where(
            InboxRow.source == source,
            InboxRow.event_id == event_id,
            InboxRow.status.in_(("dead", "ignored", "dropped")),
        )
        .values(status="pending", attempts=0, next_attempt_at=clock.now())
    )
    return session.execute(revived).rowcount == 1  # type: ignore[attr-defined]


def drop(session: Session, source: str, event_id: UUID) -> bool:
    """Settle a dead event without handling it, because somebody decided so; answers whether there was one."""
    dropped = (
        update(InboxRow)
        .where(InboxRow.source == source, InboxRow.event_id == event_id, InboxRow.status == "dead")
        .values(status="dropped", handled_at=clock.now())
    )
    return session.execute(dropped).rowcount == 1  # type: ignore[attr-defined]


def replay_batch(session: Session, source: str, pos: int, after: UUID = FIRST) -> UUID | None:
    """Make the next events of a source from ``pos`` on due again as replays; answers where to go on, None at the end."""
    return inbox_rows.replay_next(session, source, pos, after, _REPLAYED_AT_ONCE)


def replay_from(session: Session, source: str, pos: int) -> None:
    """Handle every event of a source from ``pos`` on again, as replays: to rebuild a read model that was emptied.

    What the inbox has forgotten (after 45 days) is read from the source's feed again, as far back as that keeps it (30
    days). All of it is one transaction; ``crm_chassis.dead_events.replay_source`` commits batch by batch.
    """
    from .sweeper import rewind

    after: UUID | None = FIRST
    while after is not None:
        after = replay_batch(session, source, pos, after)
    rewind(session, source, pos - 1)


def wake_ignored(session: Session, types: Sequence[str]) -> int:
    """Make events due that came before their handler was deployed, WOKEN_AT_ONCE at most; answers how many."""
    return inbox_rows.wake_ignored(session, types, WOKEN_AT_ONCE)


def _attempt(runtime: Runtime, envelope: Envelope, pos: int | None, *, counted: bool = False) -> str:
    """Handle one event in one transaction; keep it with its error when that fails."""
    try:
        with system_transaction() as session:
            status = _handle(runtime, session, envelope, pos)
        crash.point("after_commit")
    except Parked as early:
        wish = str(early)
        return _keep(envelope, pos, lambda row: inbox_rows.park(row, wish, counted=counted))
    except Exception as error:  # the event loop: whatever a handler raises belongs to its event alone
        reason = f"{type(error).__name__}: {error}"
        if _is_trouble(error):
            log.warning("inbox_trouble", event_id=envelope.id, type=envelope.type, error=reason)
            return _keep(
                envelope,
                pos,
                lambda row: inbox_rows.postpone(row, reason, counted=counted),
            )
        log.exception("inbox_failed", event_id=envelope.id, type=envelope.type)
        return _keep(
            envelope,
            pos,
            lambda row: inbox_rows.count_failure(row, reason, counted=counted),
        )
    return status


def _attempt_together(runtime: Runtime, batch: Sequence[tuple[Envelope, int | None]], *, new: bool = False) -> bool:
    """Handle a batch in one transaction, which is what makes a backlog shrink; False, and nothing done, if one fails.

    Whoever calls then handles them one by one, so that each failure is charged to its own event. new: the events come
    from the broker and may not be in the inbox yet.
    """
    if len(batch) == 1:
        return False
    envelopes, handlers = [envelope for envelope, _ in batch], runtime.service.handlers
    try:
        with system_transaction() as session:
            inbox_rows.lock_aggregates(session, envelopes)
            if new:
                inbox_rows.enter_together(session, batch)
            waiting = inbox_rows.locked_together(session, envelopes)
            for (handler, replayed), events in groupby(waiting, lambda each: (handlers.get(each[0].type), each[1])):
                _run(session, handler, [envelope for envelope, _ in events], replayed)
            inbox_rows.settle_together(session, [envelope for envelope, _ in waiting], handlers)
    except Exception as error:  # noqa: BLE001  the event loop: the same events are tried again one by one
        log.info("inbox_batch_split", events=len(batch), error=f"{type(error).__name__}: {error}")
        return False
    for _ in waiting:
        crash.point("after_commit")
    return True


def _run(session: Session, handler: Handler | None, envelopes: Sequence[Envelope], replayed: bool) -> None:
    """Run one handler over events that follow each other; each begins with what the database says, as if it came alone."""
    if handler is None:
        return
    for part in [envelopes] if isinstance(handler, Together) else [[each] for each in envelopes]:
        with _handling(part[0], replayed):
            for _ in part:
                crash.point("in_handler")
            handler.handle(session, part) if isinstance(handler, Together) else handler(session, part[0])
            session.flush()
        session.expunge_all()


def _handle(runtime: Runtime, session: Session, envelope: Envelope, pos: int | None) -> str:
    if not inbox_rows.try_lock_aggregate(session, envelope):
        if inbox_rows.is_known(session, envelope):
            return "pending"  # whoever holds the aggregate, or the next sweep, handles it from the database
        inbox_rows.lock_aggregate(session, envelope)
    handler = runtime.service.handlers.get(envelope.type)
    status, replayed = "done" if handler else "ignored", False
    if not inbox_rows.enter(session, envelope, pos, status):
        row = inbox_rows.locked(session, envelope, pos)
        if row.status in FINAL:
            return row.status
        inbox_rows.settle(row, status)
        replayed = row.replayed
    if handler is not None:
        with _handling(envelope, replayed):
            crash.point("in_handler")
            handler(session, envelope)
            session.flush()
        inbox_rows.wake_parked(session, envelope)
    return status


@contextmanager
def _handling(envelope: Envelope, replayed: bool) -> Iterator[None]:
    event, flag, request = (
        _event.set(envelope),
        _replaying.set(replayed),
        logs.request_id(),
    )
    logs.set_request_id(envelope.correlationid or envelope.id, envelope.traceparent)
    try:
        yield
    finally:
        _event.reset(event)
        _replaying.reset(flag)
        logs.set_request_id(request)


def _keep(envelope: Envelope, pos: int | None, move: Callable[[InboxRow], None]) -> str:
    """Write down what happened to an event that was not handled, unless somebody else settled it meanwhile."""
    with system_transaction() as session:
        row = inbox_rows.locked(session, envelope, pos)
        if row.status not in FINAL:
            move(row)
        return row.status


def _count_redelivery(envelope: Envelope, pos: int | None) -> str:
    reason = "the process that had it before died or lost its connection"
    return _keep(
        envelope,
        pos,
        lambda row: inbox_rows.count_failure(row, row.last_error or reason, counted=False),
    )


def _is_trouble(error: BaseException) -> bool:
    """Whether the surroundings failed and not the event. A statement that ran too long is the event's own fault."""
    own_fault = isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.errors.QueryCanceled)
    return isinstance(error, TROUBLE) and not own_fault
