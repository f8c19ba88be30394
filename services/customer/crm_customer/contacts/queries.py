"""Reading contacts for other slices."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.language import say

from .models import Contact


def check_contact(session: Session, contact_id: UUID | None, customer_id: UUID | None) -> None:
    """Raises Invalid at ``/contact_id`` unless the contact, when given, is a visible one of the customer."""
    if contact_id is None:
        return
    found = select(Contact.id).where(Contact.id == contact_id, Contact.customer_id == customer_id)
    if customer_id is None or session.scalar(found) is None:
        raise errors.field_error("/contact_id", "unknown", say("Choose a contact of this customer."))
