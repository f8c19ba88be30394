"""Visits recorded on a trip become interactions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from ..customers.queries import locked
from . import actions, collection
from .models import Interaction

_SUBJECT_MAX = 200
_HOME = ZoneInfo("Asia/Shanghai")


def on_visit(session: Session, envelope: Envelope) -> None:
    """Record the visit as an interaction with the id of the trip's record; a newer version of it changes that one.

    A trip's record has a day, not an hour: the interaction is put at noon, China time.
    """
    visit, version = envelope.data, envelope.aggregateversion
    said = {
        "subject": visit["what"].strip().split("\n", 1)[0][:_SUBJECT_MAX],
        "summary": visit["what"],
        "feedback": visit.get("result"),
        "occurred_at": datetime.combine(date.fromisoformat(visit["on"]), time(12), _HOME).astimezone(UTC),
        "source_version": version,
    }
    known = session.get(Interaction, UUID(visit["id"]), with_for_update=True)
    customer = locked(session, UUID(visit["customer_id"]))
    if known is not None:
        if version > (known.source_version or 0):
            actions.change(session, known, said)
    elif customer is not None:
        traveller = visit.get("traveller_id") or visit.get("owner_id")
        about = {
            "id": UUID(visit["id"]),
            "kind": "visit",
            "owner_id": UUID(traveller) if traveller else None,
            "travel_plan_id": UUID(visit["travel_plan_id"]),
        }
        collection.record(session, customer, {**said, **about})
