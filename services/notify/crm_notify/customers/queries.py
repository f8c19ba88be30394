"""Looking up customers by id."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Customer


def names_of(session: Session, customer_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of the customers that have been heard of."""
    wanted = sorted({each for each in customer_ids if each})
    rows = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(wanted))) if wanted else ()
    return {row.id: row.name for row in rows}


def name_of(session: Session, customer_id: UUID | None) -> str:
    """The customer's name, empty when it has not been heard of."""
    customer = session.get(Customer, customer_id) if customer_id else None
    return customer.name if customer else ""


def owner_of(session: Session, customer_id: UUID | None) -> UUID | None:
    """Who is responsible for the customer."""
    customer = session.get(Customer, customer_id) if customer_id else None
    return customer.owner_id if customer else None
