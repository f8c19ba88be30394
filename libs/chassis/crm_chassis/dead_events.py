"""What an operator does about events that were given up: look at them, give them another chance, or let them go.

The launcher, ``python -m crm_chassis`` in any container and the gateway's ``/system/dead-events`` all do it with these.
A runtime must be active.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from crm_contracts.events import REGISTRY

from . import errors, inbox, sweeper
from .database import system_transaction
from .http import Blueprint, json_response
from .identity import requires
from .inbox import InboxRow
from .internal_key import demand_internal_key

if TYPE_CHECKING:
    from .service import Runtime

PATH = "/internal/dead-events"
SHOWN = 200
_AT_ONCE = 500
_MOMENTS = ("received_at", "handled_at", "next_attempt_at")


class UnknownEvent(LookupError):
    """The service has no such event, or none in a state in which this could be done to it."""


def listed(session: Session, limit: int = SHOWN) -> list[dict[str, Any]]:
    """The latest dead events, without what they say: that belongs to a unit, and an operator may be of another."""
    return [
        {
            "event_id": str(row.event_id),
            "source": row.source,
            "type": row.type,
            "subject_id": str(row.aggregate_id),
            "subject_version": row.aggregate_version,
            "attempts": row.attempts,
            "error": row.last_error,
            "received_at": row.received_at,
        }
        for row in inbox.dead_letters(session, limit)
    ]


def shown(session: Session, event_id: UUID) -> dict[str, Any]:
    """An event of the inbox in whatever state, whole. Raises UnknownEvent."""
    row = session.scalar(select(InboxRow).where(_is(event_id)))
    if row is None:
        raise UnknownEvent(event_id)
    moments = {name: value.isoformat() for name in _MOMENTS if (value := getattr(row, name))}
    names = ("source", "status", "attempts", "last_error", "pos", "replayed", "envelope")
    return {name: getattr(row, name) for name in names} | moments


def replay(session: Session, event_id: UUID) -> None:
    """Give a dead, ignored or dropped event fresh attempts. Raises UnknownEvent."""
    if not sum(inbox.replay(session, source, event_id) for source in _sources(session, event_id)):
        raise UnknownEvent(event_id)


def drop(session: Session, event_id: UUID) -> None:
    """Settle a dead event without handling it; ``replay`` takes that back. Raises UnknownEvent."""
    if not sum(inbox.drop(session, source, event_id) for source in _sources(session, event_id)):
        raise UnknownEvent(event_id)


def replay_all() -> int:
    """Give every dead event fresh attempts, batch by batch; answers how many there were."""
    revived = 0
    while True:
        with system_transaction() as session:
            rows = inbox.dead_letters(session, limit=_AT_ONCE)
            revived += sum(inbox.replay(session, row.source, row.event_id) for row in rows)
        if len(rows) < _AT_ONCE:
            return revived


def replay_source(source: str, after: int) -> None:
    """Handle again every event of a source after a ``pos``, as replays; each batch is committed by itself.

    It reaches back as far as events are kept: 45 days in the inbox, what that forgot 30 days in the source's outbox.
    """
    reached: UUID | None = inbox.FIRST
    while reached is not None:
        with system_transaction() as session:
            reached = inbox.replay_batch(session, source, after + 1, reached)
    with system_transaction() as session:
        sweeper.rewind(session, source, after)


def blueprint(runtime: Runtime) -> Blueprint:
    """The operators' door of a service, which the gateway opens with the internal key."""
    made = Blueprint("dead_events", __name__)

    @made.get(PATH)
    @requires("internal")
    def look() -> Response:
        """The latest dead events."""
        demand_internal_key(runtime.settings)
        with system_transaction() as session:
            return json_response({"items": listed(session)})

    @made.post(f"{PATH}/<uuid:event_id>/replay")
    @requires("internal")
    def try_again(event_id: UUID) -> Response:
        """Give one fresh attempts."""
        return _settled(runtime, replay, event_id)

    @made.post(f"{PATH}/<uuid:event_id>/drop")
    @requires("internal")
    def let_go(event_id: UUID) -> Response:
        """Settle one without handling it."""
        return _settled(runtime, drop, event_id)

    return made


def _settled(runtime: Runtime, settle: Any, event_id: UUID) -> Response:
    demand_internal_key(runtime.settings)
    try:
        with system_transaction() as session:
            settle(session, event_id)
    except UnknownEvent as error:
        raise errors.NotFound from error
    return Response(status=204)


def _sources(session: Session, event_id: UUID) -> list[str]:
    return list(session.scalars(select(InboxRow.source).where(_is(event_id))))


def _is(event_id: UUID) -> ColumnElement[bool]:
    """The key begins with the source: whoever announces anything may have announced it."""
    return InboxRow.source.in_(sorted({kind.service for kind in REGISTRY.values()})) & (InboxRow.event_id == event_id)
