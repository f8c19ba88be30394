"""The customer service's answer to a conversion."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from ..opportunities import collection as opportunities
from . import actions, queries
from .collection import leads
from .models import Lead


def on_settled(session: Session, envelope: Envelope) -> None:
    """The lead is converted; its opportunity belongs to the customer that was made, or found in its place."""
    lead = _waiting(session, envelope)
    if lead is None:
        return
    customer_id = UUID(envelope.data["customer_id"])
    contact_id = _uuid(envelope.data.get("contact_id"))
    actions.settle(lead, customer_id=customer_id, contact_id=contact_id)
    if lead.opportunity_id is not None:
        opportunities.settle_customer(session, lead.opportunity_id, customer_id=customer_id, contact_id=contact_id)
    leads.announce(session, lead, "changed")


def on_refused(session: Session, envelope: Envelope) -> None:
    """No half state is left: the opportunity goes, and work on the lead goes on."""
    lead = _waiting(session, envelope)
    if lead is None:
        return
    if lead.opportunity_id is not None:
        opportunities.take_back(session, lead.opportunity_id)
    actions.refuse(lead, reason=envelope.data.get("reason"))
    leads.announce(session, lead, "changed")


def _waiting(session: Session, envelope: Envelope) -> Lead | None:
    lead = queries.locked(session, UUID(envelope.data["lead_id"]))
    return lead if lead is not None and lead.status == "converting" else None


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


HANDLERS = {
    "crm.customer.lead-conversion.settled.v1": on_settled,
    "crm.customer.lead-conversion.refused.v1": on_refused,
}
