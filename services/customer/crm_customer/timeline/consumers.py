"""Facts of other services that touch a customer, written on its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from . import actions
from .rules import FACTS


def on_fact(session: Session, envelope: Envelope) -> None:
    """Write the event on the timeline of every customer it names; again with the same event changes nothing."""
    customer_ids = customers_of(envelope.data)
    if not customer_ids:
        return
    actions.enter(
        session,
        envelope.type,
        customer_ids=customer_ids,
        entry_id=UUID(envelope.id),
        subject_id=UUID(envelope.subject),
        values=envelope.data,
        at=datetime.fromisoformat(envelope.time),
        actor_id=UUID(envelope.actorid) if envelope.actorid else None,
    )


def customers_of(payload: Mapping[str, Any]) -> list[UUID]:
    """The customers a payload names: ``customer_id``, ``customer_ids``, or ``about`` a customer; each once."""
    about = payload.get("about") or {}
    named = [payload.get("customer_id"), *(payload.get("customer_ids") or ())]
    if about.get("type") == "customer":
        named.append(about.get("id"))
    return [UUID(name) for name in dict.fromkeys(named) if name]


HANDLERS = {event_type: on_fact for event_type in FACTS if not event_type.startswith("crm.customer.")}
