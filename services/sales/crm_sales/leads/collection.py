"""The collection of leads and its verbs: each loads the record for the caller, acts and announces."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.collection import Collection, Verb, writing
from crm_chassis.identity import current_principal
from crm_chassis.language import say

from ..opportunities import collection as opportunities
from . import actions, rules
from .models import Lead
from .schemas import AssignLeadBody, ClaimLeadBody, DiscardLeadBody, LeadSchema


def create(session: Session, values: dict[str, Any]) -> Lead:
    """A new lead is captured."""
    lead = actions.create(session, values)
    leads.announce(session, lead, "captured")
    return lead


def assign(session: Session, lead_id: UUID, *, owner_id: UUID | None, reason: str | None = None) -> Lead:
    """Give a lead to somebody, or back to the pool; giving it to whoever has it already is no news.

    Raises NotFound, Forbidden, StateConflict, Invalid.
    """
    lead = _get(session, lead_id, "lead:assign")
    before, version = lead.owner_id, lead.version
    actions.assign(session, lead, owner_id=owner_id)
    leads.announce_since(session, lead, version, "assigned", previous_owner_id=before, reason=reason)
    return lead


def claim(session: Session, lead_id: UUID) -> Lead:
    """Take a lead out of the pool. Whoever sees it there may, so its own scope is not asked.

    Raises NotFound, StateConflict.
    """
    lead: Lead = writing.get(session, leads, lead_id, lock=True)
    actions.claim(lead, user_id=current_principal().user_id)
    leads.announce(session, lead, "assigned", previous_owner_id=None, reason=None)
    return lead


def discard(session: Session, lead_id: UUID, *, reason: str) -> Lead:
    """Give a lead up. Raises NotFound, Forbidden, StateConflict."""
    lead = _get(session, lead_id, "lead:update")
    actions.discard(lead, reason=reason)
    leads.announce(session, lead, "discarded", reason=reason)
    return lead


def convert(session: Session, lead_id: UUID, body: dict[str, Any]) -> Lead:
    """Ask for a lead to become a customer, and make its opportunity. Raises NotFound, Forbidden, StateConflict, Invalid.

    The lead is ``converting`` until the customer service answers.
    """
    lead = _get(session, lead_id, "lead:update")
    asked = actions.convert(session, lead, body)
    if body.get("opportunity") is not None:
        lead.opportunity_id = _opportunity(session, lead, asked["customer"]["id"], body["opportunity"])
    leads.announce(session, lead, "converted", **asked)
    return lead


def _opportunity(session: Session, lead: Lead, customer_id: UUID, wanted: dict[str, Any]) -> UUID:
    if not current_principal().reaches_unit("opportunity:create", lead.unit_id):
        raise errors.Forbidden(say("Your roles do not let you create an opportunity in the unit of this lead."))
    amount = wanted.pop("amount", None) or {}
    values = {
        "name": lead.company or lead.name,
        "source": lead.source,
        **wanted,
        **amount,
        "customer_id": customer_id,
        "lead_id": lead.id,
        "unit_id": lead.unit_id,
        "owner_id": lead.owner_id or current_principal().user_id,
    }
    return opportunities.begin(session, values).id


def _get(session: Session, lead_id: UUID, permission: str) -> Lead:
    found: Lead = writing.get_for(session, leads, lead_id, permission)
    return found


def _is_open(lead: Any) -> bool:
    return lead.status in rules.OPEN


leads = Collection(
    "leads",
    Lead,
    LeadSchema,
    ("线索", "Leads"),
    subject="lead",
    create=create,
    update=actions.change,
    locked=actions.locked,
    verbs=(
        Verb("assign", "lead:assign", when=_is_open, body=AssignLeadBody, run=assign),
        Verb("claim", "lead:claim", when=lambda o: _is_open(o) and o.owner_id is None, body=ClaimLeadBody, run=claim),
        Verb("discard", "lead:update", when=_is_open, body=DiscardLeadBody, run=discard),
        Verb("convert", "lead:update", when=_is_open),
    ),
    import_keys=("phone", "email"),
)
