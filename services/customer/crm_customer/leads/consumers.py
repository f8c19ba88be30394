"""Lead conversion: the half that happens here, and its answer to sales."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import errors, outbox
from crm_contracts.envelope import Envelope

from . import actions


def on_converted(session: Session, envelope: Envelope) -> None:
    """Make or find the lead's customer and contact, and say which; or say why not, leaving nothing behind."""
    lead = envelope.data
    unit_id = UUID(lead["unit_id"])
    answer = {"lead_id": lead["id"], "customer_id": None, "contact_id": None, "linked": False, "reason": None}
    try:
        with session.begin_nested():
            owner_id = actions.owner_of(session, lead.get("owner_id"))
            customer, linked = actions.customer_for(session, lead["customer"], unit_id=unit_id, owner_id=owner_id)
            contact_id = actions.contact_for(session, customer, lead.get("contact"))
        answer |= {"customer_id": customer.id, "contact_id": contact_id, "linked": linked}
        fact = "settled"
    except errors.ProblemError as refusal:
        answer["reason"] = refusal.detail
        fact = "refused"
    version = envelope.aggregateversion
    outbox.record(
        session,
        f"crm.customer.lead-conversion.{fact}.v1",
        UUID(lead["id"]),
        {**answer, "id": lead["id"], "version": version, "unit_id": unit_id},
        version=version,
        unit_id=unit_id,
    )
