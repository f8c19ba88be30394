"""The verbs of leads over HTTP, and the search for duplicates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_response
from crm_chassis.identity import requires

from . import collection, queries
from .collection import leads
from .models import Lead
from .schemas import AssignLeadBody, ClaimLeadBody, ConvertLeadBody, DiscardLeadBody, LeadCandidateBody

blueprint = Blueprint("lead verbs", __name__, url_prefix="/leads")


@blueprint.post("/duplicates")
@requires("lead:read")
@accepts(LeadCandidateBody)
def find_duplicates(body: dict[str, Any]) -> Response:
    """Leads with the same phone, e-mail or company, and customers of that name, before a lead is saved."""
    with transaction() as session:
        return json_response(queries.duplicates(session, body))


@blueprint.post("/<uuid:lead_id>/assign")
@requires("lead:assign")
@accepts(AssignLeadBody)
@answers(leads)
def assign(lead_id: UUID, body: dict[str, Any]) -> Lead:
    """Give a lead to another user, or back to the public pool."""
    with transaction() as session:
        return collection.assign(session, lead_id, **body)


@blueprint.post("/<uuid:lead_id>/claim")
@requires("lead:claim")
@accepts(ClaimLeadBody)
@answers(leads)
def claim(lead_id: UUID, body: dict[str, Any]) -> Lead:
    """Take a lead out of the public pool."""
    with transaction() as session:
        return collection.claim(session, lead_id, **body)


@blueprint.post("/<uuid:lead_id>/discard")
@requires("lead:update")
@accepts(DiscardLeadBody)
@answers(leads)
def discard(lead_id: UUID, body: dict[str, Any]) -> Lead:
    """Give a lead up, with the reason."""
    with transaction() as session:
        return collection.discard(session, lead_id, **body)


@blueprint.post("/<uuid:lead_id>/convert")
@requires("lead:update", idempotency_key=True)
@accepts(ConvertLeadBody)
@answers(leads)
def convert(lead_id: UUID, body: dict[str, Any]) -> Lead:
    """Make a customer, a contact and an opportunity of a lead; it is `converting` until the customer is settled."""
    with transaction() as session:
        return collection.convert(session, lead_id, body)
