"""The relay: outbox → broker, one leader per service, in the order the events were committed.

Two steps, each its own transaction under the leader's lock. *Numbering* gives committed rows their gapless ``pos``: it
needs no broker, so the feed and with it the other services' sweepers go on while the broker is away. *Publishing*
sends what is not yet published and marks exactly what the broker confirmed. Dying anywhere repeats a message at worst,
and every inbox takes a repetition for what it is.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import exists, func, select, text, update
from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope
from crm_contracts.subscriptions import subscribers_of

from . import clock, crash, process_beats
from .bus import Bus, Delivery
from .database import system_transaction
from .inbox import TROUBLE
from .outbox import OutboxRow

if TYPE_CHECKING:
    from .service import Runtime

log = structlog.get_logger()

BATCH = 200
BUSY_S = 0.05
IDLE_S = 0.5
_BACKOFF_MAX_S = 30.0
_BEAT_S = 5.0


class Relay:
    """Moves one service's outbox to the broker. Run as many as you like: one leads, the others wait."""

    def __init__(self, runtime: Runtime, bus: Bus) -> None:
        self._runtime = runtime
        self._bus = bus
        self._backoff_s = 0.0
        self._broker_pause_until = 0.0
        self._next_beat = 0.0

    def step(self) -> int:
        """Number and publish one batch; answers how many events were published, 0 when somebody else leads."""
        with self._runtime.activate():
            with system_transaction() as session:
                if not waiting(session):
                    return 0
                if self._leads(session):
                    number(session)
            crash.point("between_pos_and_publish")
            if time.monotonic() < self._broker_pause_until:
                return 0
            with system_transaction() as session:
                return self._publish(session) if self._leads(session) else 0

    def run_forever(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set: at once after a full batch, after 50 ms while there is work, else after 500 ms."""
        pause_s = 0.0
        while not stop.wait(pause_s):
            try:
                published = self.step()
                self._beat()
            except TROUBLE as error:
                log.warning("relay_database_trouble", error=str(error))
                pause_s = min(max(1.0, pause_s * 2), _BACKOFF_MAX_S)
                continue
            pause_s = 0.0 if published == BATCH else BUSY_S if published else IDLE_S
        self._bus.close()

    def _leads(self, session: Session) -> bool:
        key = {"key": f"relay:{self._runtime.service.name}"}
        return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), key))

    def _publish(self, session: Session) -> int:
        rows = unpublished(session)
        if not rows:
            return 0
        wanted = [row for row in rows if subscribers_of(row.type)]
        # An event nobody subscribes to is published by having its pos: `mandatory` would refuse it for ever.
        unwanted = {str(row.event_id) for row in rows} - {str(row.event_id) for row in wanted}
        batch = [(Envelope.from_dict(row.envelope), row.pos or 0) for row in wanted]
        delivery = self._bus.publish(batch) if batch else Delivery()
        crash.point("after_confirm")
        self._note(delivery)
        return mark(session, rows, delivery.confirmed | unwanted, delivery.failure)

    def _note(self, delivery: Delivery) -> None:
        if delivery.failure is None:
            self._backoff_s = 0.0
            return
        self._backoff_s = min(max(1.0, self._backoff_s * 2), _BACKOFF_MAX_S)
        self._broker_pause_until = time.monotonic() + self._backoff_s
        log.warning("relay_broker_trouble", error=delivery.failure, pause_s=self._backoff_s)

    def _beat(self) -> None:
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + _BEAT_S
            process_beats.beat(self._runtime, "relay")


def waiting(session: Session) -> bool:
    """Whether there is anything to number or publish: one look at a partial index, for the idle relay's every turn."""
    return bool(session.scalar(select(exists().where(OutboxRow.published_at.is_(None)))))


def number(session: Session, limit: int = BATCH) -> None:
    """Give the oldest committed rows without one the next values of ``pos``. The caller holds the leader's lock."""
    counted = (
        select(OutboxRow.id, func.row_number().over(order_by=OutboxRow.id).label("step"))
        .where(OutboxRow.pos.is_(None))
        .order_by(OutboxRow.id)
        .limit(limit)
        .subquery()
    )
    last = session.scalar(select(func.max(OutboxRow.pos))) or 0
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == counted.c.id)
        .values(pos=last + counted.c.step)
        .execution_options(synchronize_session=False)
    )


def unpublished(session: Session, limit: int = BATCH) -> list[OutboxRow]:
    """The next rows to publish. By what is missing, not by a cursor: a row with a lower id may commit later."""
    waiting = select(OutboxRow).where(OutboxRow.published_at.is_(None), OutboxRow.pos.is_not(None))
    return list(session.scalars(waiting.order_by(OutboxRow.pos).limit(limit)))


def mark(session: Session, rows: list[OutboxRow], confirmed: set[str], failure: str | None) -> int:
    """Mark what was confirmed as published and note the failure on the rest; answers how many were published."""
    done = [row.id for row in rows if str(row.event_id) in confirmed]
    left = [row.id for row in rows if str(row.event_id) not in confirmed]
    unsynchronised = {"synchronize_session": False}
    if done:
        published = update(OutboxRow).where(OutboxRow.id.in_(done)).values(published_at=clock.now(), last_error=None)
        session.execute(published.execution_options(**unsynchronised))
    if left:
        missed = update(OutboxRow).where(OutboxRow.id.in_(left))
        tried = missed.values(attempts=OutboxRow.attempts + 1, last_error=failure)
        session.execute(tried.execution_options(**unsynchronised))
    return len(done)
