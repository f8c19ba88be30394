"""The verbs of claims over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers
from crm_chassis.identity import requires

from . import collection
from .collection import PAY, UPDATE, PayBody, claims
from .models import Claim

blueprint = Blueprint("claim verbs", __name__, url_prefix="/claims")


@blueprint.post("/<uuid:claim_id>/submit")
@requires(UPDATE, idempotency_key=True)
@answers(claims)
def submit(claim_id: UUID) -> Claim:
    """Ask for the approval of a claim."""
    with transaction() as session:
        return collection.submit(session, claim_id)


@blueprint.post("/<uuid:claim_id>/withdraw")
@requires(UPDATE, idempotency_key=True)
@answers(claims)
def withdraw(claim_id: UUID) -> Claim:
    """Take a submitted claim back."""
    with transaction() as session:
        return collection.withdraw(session, claim_id)


@blueprint.post("/<uuid:claim_id>/pay")
@requires(PAY, idempotency_key=True)
@accepts(PayBody)
@answers(claims)
def pay(claim_id: UUID, body: dict[str, Any]) -> Claim:
    """Write down that an approved claim was paid."""
    with transaction() as session:
        return collection.pay(session, claim_id, **body)
