"""Looking up customers by id."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from .models import Customer


def name_of(session: Session, customer_id: UUID | None) -> str:
    """The customer's name, empty when it has not been heard of."""
    customer = session.get(Customer, customer_id) if customer_id else None
    return customer.name if customer else ""


def owner_of(session: Session, customer_id: UUID | None) -> UUID | None:
    """Who is responsible for the customer."""
    customer = session.get(Customer, customer_id) if customer_id else None
    return customer.owner_id if customer else None
