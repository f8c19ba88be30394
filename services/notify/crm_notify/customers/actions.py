"""Keeping the copies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm_chassis import inbox

from .models import Customer


def copy(session: Session, customer: dict[str, Any], version: int) -> None:
    """Write a customer's state unless a newer one is known."""
    values = {"id": UUID(customer["id"]), "name": customer["name"], "owner_id": customer["owner_id"]}
    inbox.upsert_copy(session, Customer, values, version)


def hand_over(session: Session, *, from_id: UUID, to_id: UUID) -> None:
    """Follow a handover at once; the customers' own events bring the new versions."""
    session.execute(update(Customer).where(Customer.owner_id == from_id).values(owner_id=to_id))
