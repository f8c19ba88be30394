"""What can be done to a lead. Each function changes rows only; announcing is the collection's part."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import errors, ids
from crm_chassis.language import Sentence, say, word

from ..customers import queries as customers
from ..people import queries as people
from . import rules
from .models import Lead
from .rules import STATUS

_FROM_LEAD = ("phone", "email", "region_code", "industry", "source")


def create(session: Session, values: dict[str, Any]) -> Lead:
    """A new lead. Raises Invalid for a state it cannot begin with."""
    _check_status(values)
    lead = Lead(**values)
    _set_keys(lead)
    session.add(lead)
    return lead


def change(_session: Session, lead: Lead, values: dict[str, Any]) -> None:
    """Change its fields. Raises Invalid for a state that has a verb."""
    _check_status(values)
    for name, value in values.items():
        setattr(lead, name, value)
    _set_keys(lead)


def locked(lead: Any) -> Sentence | None:
    """Why a lead may not be edited or deleted now, or None."""
    if lead.status == "converting":
        return say("This lead is being converted; wait until that is settled.")
    return None if lead.status in rules.OPEN else say("This lead is {status}.", status=word(STATUS, lead.status))


def require_open(lead: Lead) -> None:
    """Raises StateConflict unless somebody can work on it."""
    reason = locked(lead)
    if reason:
        raise errors.StateConflict(reason)


def assign(session: Session, lead: Lead, *, owner_id: UUID | None) -> None:
    """Give it to a user whom the caller may assign to, or back to the pool. Raises StateConflict, Invalid."""
    require_open(lead)
    if owner_id is not None:
        people.require_assignable(session, owner_id, "lead:assign")
    lead.owner_id = owner_id
    lead.status = "working" if owner_id else "new"


def claim(lead: Lead, *, user_id: UUID) -> None:
    """Take it out of the pool. Raises StateConflict when somebody owns it already."""
    require_open(lead)
    if lead.owner_id is not None:
        raise errors.StateConflict(say("Somebody owns this lead already."))
    lead.owner_id, lead.status = user_id, "working"


def discard(lead: Lead, *, reason: str) -> None:
    """Give it up. Raises StateConflict unless it is open."""
    require_open(lead)
    lead.status, lead.discarded_reason = "discarded", reason


def convert(session: Session, lead: Lead, body: dict[str, Any]) -> dict[str, Any]:
    """Begin its conversion; answers the customer and contact to be made. Raises StateConflict, Invalid.

    The ids are made here, so that the opportunity can name its customer before the customer service knows it.
    """
    require_open(lead)
    lead.status, lead.conversion_error = "converting", None
    if "customer_id" in body:
        customers.visible(session, body["customer_id"])
        customer: dict[str, Any] = {"id": body["customer_id"]}
    else:
        customer = {"id": ids.uuid7(), **_customer_of(lead), **body.get("customer", {})}
    return {"customer": customer, "contact": _contact_of(lead, body)}


def settle(lead: Lead, *, customer_id: UUID, contact_id: UUID | None) -> None:
    """The customer service has made or found the customer."""
    lead.status, lead.customer_id, lead.contact_id = "converted", customer_id, contact_id


def refuse(lead: Lead, *, reason: str | None) -> None:
    """The customer service could not make the customer: work goes on with the lead."""
    lead.status, lead.opportunity_id = "working", None
    lead.conversion_error = reason or "refused"


def _customer_of(lead: Lead) -> dict[str, Any]:
    kind = "company" if lead.company else "person"
    own = {name: getattr(lead, name) for name in _FROM_LEAD}
    return {"name": lead.company or lead.name, "kind": kind, "mobile": None, **own}


def _contact_of(lead: Lead, body: dict[str, Any]) -> dict[str, Any] | None:
    given = body.get("contact", {} if lead.company else None)
    if given is None:
        return None
    return {"id": ids.uuid7(), "name": lead.name, "phone": lead.phone, "email": lead.email, **given}


def _check_status(values: dict[str, Any]) -> None:
    if values.get("status", "new") not in rules.OPEN:
        raise errors.field_error("/status", "read_only", say("Use the verbs `convert` and `discard`."))


def _set_keys(lead: Lead) -> None:
    lead.company_key, lead.email_key = rules.company_key(lead.company), rules.email_key(lead.email)
