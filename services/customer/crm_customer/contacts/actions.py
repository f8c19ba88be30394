"""What happens to contacts: created and moved under a customer, and carried along with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.collection.writing import assign as set_columns
from crm_chassis.database import everything
from crm_chassis.language import say

from ..customers.models import Customer
from ..customers.queries import for_child, is_visible
from ..timeline.actions import note
from .models import Contact


def create(session: Session, values: dict[str, Any]) -> Contact:
    """Create a contact under a customer the caller sees, in its unit and with its owner. Raises Invalid, Forbidden."""
    return add(session, for_child(session, values["customer_id"], "contact:create"), values)


def add(session: Session, customer: Customer, values: dict[str, Any]) -> Contact:
    """Create a contact under the customer, and say so on its timeline."""
    placed = {**values, "customer_id": customer.id, "unit_id": customer.unit_id, "owner_id": customer.owner_id}
    contact = Contact(**placed)
    session.add(contact)
    session.flush()
    note(session, "contact.created", customer_id=customer.id, subject_id=contact.id, values={"name": contact.name})
    return contact


def change(session: Session, contact: Contact, values: dict[str, Any]) -> None:
    """Set a contact's columns; another customer takes it to that one's unit and owner. Raises Invalid, Forbidden."""
    if values.get("customer_id", contact.customer_id) != contact.customer_id:
        customer = for_child(session, values["customer_id"], "contact:update")
        values |= {"unit_id": customer.unit_id, "owner_id": customer.owner_id}
    set_columns(contact, values)


def revive(session: Session, contact: Contact) -> None:
    """Raises StateConflict while the customer of a deleted contact is deleted itself."""
    with everything(session):
        there = is_visible(session, contact.customer_id)
    if not there:
        raise errors.StateConflict(say("Its customer is deleted; restore that one first."))


def carry(session: Session, customer_id: UUID, *, unit_id: UUID, owner_id: UUID | None) -> list[Contact]:
    """Bring a customer's contacts to its unit and owner; answers those that changed."""
    moved = []
    for contact in session.scalars(select(Contact).where(Contact.customer_id == customer_id)):
        if (contact.unit_id, contact.owner_id) != (unit_id, owner_id):
            contact.unit_id, contact.owner_id = unit_id, owner_id
            moved.append(contact)
    return moved
