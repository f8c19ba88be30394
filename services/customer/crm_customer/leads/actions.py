"""Turning a lead into a customer and a contact, or into those that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.collection import writing
from crm_chassis.language import say

from ..contacts.actions import add as add_contact
from ..contacts.collection import contacts
from ..contacts.models import Contact
from ..customers import queries
from ..customers.collection import customers
from ..customers.models import Customer
from ..customers.rules import in_use, keys_of
from ..regions.queries import is_region
from . import rules


def customer_for(
    session: Session, wish: Mapping[str, Any], *, unit_id: UUID, owner_id: UUID | None
) -> tuple[Customer, bool]:
    """The customer a lead becomes, and whether it was there before: the one named, a duplicate in the company, or new.

    Values that are not in use here (a region, an industry) are left out rather than stop the conversion. Raises
    ProblemError when the customer named is not there or a new one cannot be made.
    """
    known = queries.locked(session, UUID(wish["id"]))
    if known is not None:
        return known, True
    if not wish.get("name"):
        raise errors.NotFound(say("The customer that the lead was to be converted to does not exist any more."))
    values = _usable(session, unit_id, rules.customer_values(wish))
    found = queries.matches(session, keys_of(values), unit_id=unit_id)
    twin = next((match.customer for match in found if match.strong and match.same_company and match.customer), None)
    if twin is not None:
        return twin, True
    placed = {**values, "id": UUID(wish["id"]), "unit_id": unit_id, "owner_id": owner_id, "allow_duplicate": True}
    return writing.store(session, customers, placed), False


def contact_for(session: Session, customer: Customer, wish: Mapping[str, Any] | None) -> UUID | None:
    """The contact a lead becomes: the same person at the customer, or a new one with the id the lead chose."""
    if not wish:
        return None
    values = rules.contact_values(wish)
    known = _same_person(session, customer.id, {**values, "id": UUID(wish["id"])})
    if known is not None or "name" not in values:
        return known
    contact = add_contact(session, customer, {**values, "id": UUID(wish["id"])})
    contacts.announce(session, contact, "created")
    return contact.id


def _same_person(session: Session, customer_id: UUID, person: Mapping[str, Any]) -> UUID | None:
    """The customer's contact that is this person (with its id and values), None when none is for sure."""
    numbers = [person[name] for name in ("phone", "mobile") if name in person]
    alike = [Contact.id == person["id"]]
    if numbers:
        alike += [Contact.phone.in_(numbers), Contact.mobile.in_(numbers)]
    if "email" in person:
        alike.append(func.lower(Contact.email) == person["email"].lower())
    candidates = select(Contact).where(Contact.customer_id == customer_id, or_(*alike)).order_by(Contact.id)
    same = (found for found in session.scalars(candidates) if found.id == person["id"] or rules.is_same(person, found))
    return next((found.id for found in same), None)


def _usable(session: Session, unit_id: UUID, values: dict[str, Any]) -> dict[str, Any]:
    if "region_code" in values and not is_region(session, values["region_code"]):
        del values["region_code"]
    replaced = queries.options(session, unit_id)
    for name in ("industry", "source"):
        if values.get(name) not in in_use(name, replaced):
            values.pop(name, None)
    return values


def owner_of(session: Session, owner_id: str | None) -> UUID | None:
    """The lead's owner as the customer's: None, the pool, when the lead had none or the user is not active."""
    user = org.users(session, {UUID(owner_id)}).get(UUID(owner_id)) if owner_id else None
    return user.id if user and user.active else None
