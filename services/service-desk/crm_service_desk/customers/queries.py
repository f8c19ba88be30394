"""Looking up customers and contacts that a request names."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.database import everything
from crm_chassis.language import say

from .models import Contact, Customer


def visible(session: Session, customer_id: UUID) -> Customer:
    """The customer, when the caller may see it. Raises Invalid naming the field."""
    customer = session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is None:
        raise errors.field_error("/customer_id", "unknown", say("Choose a customer that you may see."))
    return customer


def refuse_stranger(session: Session, contact_id: UUID, customer_id: UUID | None) -> None:
    """Raises Invalid unless the contact is one of the customer's."""
    found = session.scalar(select(Contact.customer_id).where(Contact.id == contact_id))
    if found is None or found != customer_id:
        raise errors.field_error("/contact_id", "unknown", say("Choose a contact of this customer."))


def level_of(session: Session, customer_id: UUID | None) -> str | None:
    """The customer's level, for choosing time limits; never shown to the caller."""
    with everything(session):
        return session.scalar(select(Customer.level).where(Customer.id == customer_id))
