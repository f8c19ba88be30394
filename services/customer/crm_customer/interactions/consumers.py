"""Visits recorded on a trip become interactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import clock, org
from crm_contracts.envelope import Envelope

from ..customers.queries import locked
from . import actions, collection
from .models import Interaction

_SUBJECT_MAX = 200


def on_visit(session: Session, envelope: Envelope) -> None:
    """Record the visit as an interaction with the id of the trip's record; a newer version of it changes that one.

    A trip's record has a day, not an hour: the interaction is put at noon where the trip's unit works. One that was
    deleted stays so.
    """
    said = _said(envelope)
    known = _known(session, envelope)
    if known is not None:
        if known.deleted_at is None and envelope.aggregateversion > (known.source_version or 0):
            actions.change(session, known, said)
        return
    customer = locked(session, UUID(envelope.data["customer_id"]))
    if customer is not None:
        collection.record(session, customer, {**said, **_about(envelope.data)})


def on_visit_deleted(session: Session, envelope: Envelope) -> None:
    """Take the visit's interaction out of the customer's file, as a deletion there does.

    One that was not heard of yet is kept as deleted, so that its older news finds it so.
    """
    known = _known(session, envelope)
    if known is None:
        customer = locked(session, UUID(envelope.data["customer_id"]))
        if customer is not None:
            placed = {"customer_id": customer.id, "unit_id": customer.unit_id, "deleted_at": clock.now()}
            session.add(Interaction(**_said(envelope), **_about(envelope.data), **placed))
    elif known.deleted_at is None and envelope.aggregateversion > (known.source_version or 0):
        known.deleted_at, known.source_version = clock.now(), envelope.aggregateversion
        actions.recount(session, known.customer_id)


def _known(session: Session, envelope: Envelope) -> Interaction | None:
    """The interaction that was made from the trip's record, locked, deleted or not."""
    statement = select(Interaction).where(Interaction.id == UUID(envelope.data["id"])).with_for_update()
    return session.scalar(statement.execution_options(with_deleted=True))


def _said(envelope: Envelope) -> dict[str, Any]:
    visit = envelope.data
    return {
        "subject": visit["what"].strip().split("\n", 1)[0][:_SUBJECT_MAX],
        "summary": visit["what"],
        "feedback": visit.get("result"),
        "occurred_at": datetime.combine(date.fromisoformat(visit["on"]), time(12), _zone(envelope)).astimezone(UTC),
        "source_version": envelope.aggregateversion,
    }


def _zone(envelope: Envelope) -> ZoneInfo:
    unit_id = envelope.unitid or envelope.data.get("unit_id")
    return ZoneInfo(org.tree().timezone(UUID(unit_id)) if unit_id else org.HOME_TIMEZONE)


def _about(visit: Mapping[str, Any]) -> dict[str, Any]:
    traveller = visit.get("traveller_id") or visit.get("owner_id")
    return {
        "id": UUID(visit["id"]),
        "kind": "visit",
        "owner_id": UUID(traveller) if traveller else None,
        "travel_plan_id": UUID(visit["travel_plan_id"]),
    }
