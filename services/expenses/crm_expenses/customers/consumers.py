"""Keeping the copy of customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.inbox import upsert_copy
from crm_contracts.envelope import Envelope

from .models import Customer


def on_customer(session: Session, envelope: Envelope) -> None:
    """Write the customer's state; an older one than is known is ignored."""
    state = _placed(envelope) | {"name": envelope.data["name"], "deleted_at": None}
    upsert_copy(session, Customer, state, envelope.aggregateversion)


def on_deleted(session: Session, envelope: Envelope) -> None:
    """Hide the customer: no new trip may name it."""
    state = _placed(envelope) | {"deleted_at": clock.now()}
    upsert_copy(session, Customer, state, envelope.aggregateversion)


def on_merged(session: Session, envelope: Envelope) -> None:
    """Note that the customer stands for another one now."""
    state = _placed(envelope) | {"merged_into_id": UUID(envelope.data["into_id"])}
    upsert_copy(session, Customer, state, envelope.aggregateversion)


def on_unmerged(session: Session, envelope: Envelope) -> None:
    """Note that the customer stands for itself again."""
    state = _placed(envelope) | {"merged_into_id": None, "deleted_at": None}
    upsert_copy(session, Customer, state, envelope.aggregateversion)


def _placed(envelope: Envelope) -> dict[str, Any]:
    owner = envelope.data["owner_id"]
    return {
        "id": UUID(envelope.data["id"]),
        "unit_id": UUID(envelope.data["unit_id"]),
        "owner_id": UUID(owner) if owner else None,
    }
