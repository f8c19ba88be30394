"""Payments over HTTP: money moves only under an Idempotency-Key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_body
from crm_chassis.identity import requires

from . import collection
from .collection import AllocatePaymentBody, DeallocatePaymentBody, RefundPaymentBody, payments
from .models import Payment

blueprint = Blueprint("payment verbs", __name__, url_prefix="/payments")


@blueprint.post("")
@requires("payment:create", idempotency_key=True)
@answers(payments, 201)
def receive() -> Payment:
    """Record a payment and what it pays for."""
    body = json_body()
    with transaction() as session:
        found: Payment = writing.create(session, payments, body)
        return found


@blueprint.post("/<uuid:payment_id>/allocate")
@requires("payment:create", idempotency_key=True)
@accepts(AllocatePaymentBody)
@answers(payments)
def allocate(payment_id: UUID, body: dict[str, Any]) -> Payment:
    """Use what a payment has left for receivables of the same customer."""
    with transaction() as session:
        return collection.allocate(session, payment_id, **body)


@blueprint.post("/<uuid:payment_id>/deallocate")
@requires("payment:create", idempotency_key=True)
@accepts(DeallocatePaymentBody)
@answers(payments)
def deallocate(payment_id: UUID, body: dict[str, Any]) -> Payment:
    """Take allocations back: what they paid is owed again, and the money can be used otherwise."""
    with transaction() as session:
        return collection.deallocate(session, payment_id, **body)


@blueprint.post("/<uuid:payment_id>/refund")
@requires("payment:refund", idempotency_key=True)
@accepts(RefundPaymentBody)
@answers(payments)
def refund(payment_id: UUID, body: dict[str, Any]) -> Payment:
    """Record that money went back to the customer: refunds that are due for its orders first, then what is unallocated."""
    with transaction() as session:
        return collection.refund(session, payment_id, **body)
