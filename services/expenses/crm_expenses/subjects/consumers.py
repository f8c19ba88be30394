"""Keeping the copies of opportunities, orders and requests.

A record is known from its next event on, or from the first sweep, which reads what its service's outbox still holds; a
replay (``crm replay expenses --source sales --after 0``) reads that again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.inbox import upsert_copy
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY

from .models import Opportunity, Order, Request


def on_opportunity(session: Session, envelope: Envelope) -> None:
    """Keep the opportunity's newest state."""
    team = [UUID(user_id) for user_id in envelope.data.get("team_ids") or ()]
    state = _state(envelope, title=envelope.data["name"]) | {"team_ids": team}
    upsert_copy(session, Opportunity, state, envelope.aggregateversion)


def on_order(session: Session, envelope: Envelope) -> None:
    """Keep the order's newest state."""
    upsert_copy(session, Order, _state(envelope, title=envelope.data["number"]), envelope.aggregateversion)


def on_request(session: Session, envelope: Envelope) -> None:
    """Keep the request's newest state."""
    request = envelope.data
    state = _state(envelope, title=f"{request['number']} {request['summary']}")
    assignee = {"assignee_id": _id(request["assignee_id"])}
    upsert_copy(session, Request, state | assignee, envelope.aggregateversion)


def _state(envelope: Envelope, *, title: str) -> dict[str, Any]:
    record = envelope.data
    gone = envelope.type.rsplit(".", 2)[1] == "deleted"
    return {
        "id": UUID(record["id"]),
        "unit_id": UUID(record["unit_id"]),
        "owner_id": _id(record["owner_id"]),
        "customer_id": _id(record["customer_id"]),
        "title": title,
        "status": record["status"],
        "deleted_at": clock.now() if gone else None,
    }


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


_HANDLERS = {
    ("sales", "opportunity"): on_opportunity,
    ("sales", "order"): on_order,
    ("service-desk", "request"): on_request,
}
HANDLERS = {
    name: _HANDLERS[event.service, event.subject]
    for name, event in REGISTRY.items()
    if (event.service, event.subject) in _HANDLERS
}
"""Every fact about these records carries their full state."""
