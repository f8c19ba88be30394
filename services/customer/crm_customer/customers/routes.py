"""The customers' verbs, the search for duplicates, and who owned a customer when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers
from crm_chassis.identity import current_principal, requires

from . import actions, collection, queries, rules
from .collection import customers
from .models import Customer
from .schemas import AssignBody, CandidateBody, ClaimBody, MatchesView, OwnershipsView, ReleaseBody

blueprint = Blueprint("customer verbs", __name__, url_prefix="/customers")


@blueprint.post("/<uuid:customer_id>/assign")
@requires("customer:assign")
@accepts(AssignBody)
@answers(customers)
def assign(customer_id: UUID, body: dict[str, Any]) -> Customer:
    """Give a customer to another owner; its contacts go along."""
    with transaction() as session:
        return collection.assign(session, customer_id, **body)


@blueprint.post("/<uuid:customer_id>/claim")
@requires("customer:claim")
@accepts(ClaimBody)
@answers(customers)
def claim(customer_id: UUID, body: dict[str, Any]) -> Customer:
    """Take a customer out of the public pool."""
    with transaction() as session:
        return collection.claim(session, customer_id, **body)


@blueprint.post("/<uuid:customer_id>/release")
@requires("customer:update")
@accepts(ReleaseBody)
@answers(customers)
def release(customer_id: UUID, body: dict[str, Any]) -> Customer:
    """Put a customer back into the public pool."""
    with transaction() as session:
        return collection.release(session, customer_id, **body)


@blueprint.post("/duplicates")
@requires("customer:create")
@accepts(CandidateBody)
@answers(MatchesView)
def duplicates(body: dict[str, Any]) -> dict[str, Any]:
    """Find customers that resemble the values typed so far; of those out of sight only that they exist."""
    except_id = body.pop("except_id", None)
    unit_id = body.pop("unit_id", current_principal().unit_id)
    keys = rules.keys_of(body)
    with transaction() as session:
        found = queries.matches(session, keys, unit_id=unit_id, except_id=except_id) if keys else []
        return actions.described(found)


@blueprint.get("/<uuid:customer_id>/ownerships")
@requires("customer:read")
@answers(OwnershipsView)
def ownerships(customer_id: UUID) -> dict[str, Any]:
    """Who owned a customer when, and why it changed hands; newest first."""
    with transaction() as session:
        writing.get(session, customers, customer_id)
        return {"items": queries.ownerships(session, customer_id)}
