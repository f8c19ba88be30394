"""What an operator does about events: look at the dead ones, give them another chance, replay a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import select

from crm_chassis import inbox
from crm_chassis.database import system_transaction
from crm_chassis.service import Runtime, load_service
from crm_chassis.settings import Settings

from .failures import CannotStart
from .installation import Installation

_SHOWN = 200
_BATCH = 500
_MOMENTS = ("received_at", "handled_at", "next_attempt_at")


def dead_letters(installation: Installation, service: str) -> list[dict[str, Any]]:
    """The latest dead events of a service."""
    with _inside(installation, service), system_transaction() as session:
        return [
            {
                "service": service,
                "source": row.source,
                "event_id": str(row.event_id),
                "type": row.type,
                "attempts": row.attempts,
                "error": row.last_error,
            }
            for row in inbox.dead_letters(session, limit=_SHOWN)
        ]


def replay_dead(installation: Installation, service: str) -> int:
    """Give every dead event of a service fresh attempts; answers how many there were."""
    revived = 0
    with _inside(installation, service):
        while True:
            with system_transaction() as session:
                rows = inbox.dead_letters(session, limit=_BATCH)
                revived += sum(inbox.replay(session, row.source, row.event_id) for row in rows)
            if len(rows) < _BATCH:
                return revived


def replay_event(installation: Installation, service: str, event_id: UUID) -> None:
    """Give one dead or ignored event fresh attempts. Raises CannotStart when the service has no such event."""
    with _inside(installation, service), system_transaction() as session:
        sources = session.scalars(select(inbox.InboxRow.source).where(inbox.InboxRow.event_id == event_id)).all()
        if not sum(inbox.replay(session, source, event_id) for source in sources):
            raise CannotStart(f"{service} has no dead or ignored event {event_id}: see `crm dead-letters {service}`")


def show(installation: Installation, service: str, event_id: UUID) -> dict[str, Any]:
    """A dead event with its whole content and error. Raises CannotStart when the service has no such event."""
    with _inside(installation, service), system_transaction() as session:
        row = session.scalar(select(inbox.InboxRow).where(inbox.InboxRow.event_id == event_id))
        if row is None:
            raise CannotStart(f"{service} has no event {event_id}: see `crm dead-letters list {service}`")
        moments = {name: value.isoformat() for name in _MOMENTS if (value := getattr(row, name))}
        names = ("source", "status", "attempts", "last_error", "pos", "replayed", "envelope")
        return {name: getattr(row, name) for name in names} | moments


def drop(installation: Installation, service: str, event_id: UUID) -> None:
    """Settle one dead event without handling it. Raises CannotStart when the service has no such dead event."""
    with _inside(installation, service), system_transaction() as session:
        sources = session.scalars(select(inbox.InboxRow.source).where(inbox.InboxRow.event_id == event_id)).all()
        if not sum(inbox.drop(session, source, event_id) for source in sources):
            raise CannotStart(f"{service} has no dead event {event_id}: see `crm dead-letters list {service}`")


def replay_source(installation: Installation, service: str, source: str, after: int) -> None:
    """Handle again every event of a source after position ``after``, with side effects outside silenced."""
    with _inside(installation, service), system_transaction() as session:
        inbox.replay_from(session, source, after + 1)


@contextmanager
def _inside(installation: Installation, service: str) -> Iterator[Runtime]:
    settings = Settings.from_environment(service, installation.environment(service))
    runtime = Runtime(load_service(service), settings)
    try:
        with runtime.activate():
            yield runtime
    finally:
        runtime.close()
