"""The verbs of orders over HTTP; each wants an Idempotency-Key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers
from crm_chassis.identity import requires

from . import collection
from .collection import orders
from .models import Order
from .schemas import CancelOrderBody, CloseOrderBody, ConfirmOrderBody, DeliverOrderBody, ReturnOrderBody

blueprint = Blueprint("order verbs", __name__, url_prefix="/orders")


@blueprint.post("/<uuid:order_id>/confirm")
@requires("order:confirm", idempotency_key=True)
@accepts(ConfirmOrderBody)
@answers(orders)
def confirm(order_id: UUID, body: dict[str, Any]) -> Order:
    """Confirm a draft; with discounts beyond the limit it asks for approval first and stays a draft."""
    with transaction() as session:
        return collection.confirm(session, order_id, **body)


@blueprint.post("/<uuid:order_id>/deliver")
@requires("order:deliver", idempotency_key=True)
@accepts(DeliverOrderBody)
@answers(orders)
def deliver(order_id: UUID, body: dict[str, Any]) -> Order:
    """Count a delivery: everything outstanding, or the quantities of the lines given."""
    with transaction() as session:
        return collection.deliver(session, order_id, **body)


@blueprint.post("/<uuid:order_id>/return")
@requires("order:deliver", idempotency_key=True)
@accepts(ReturnOrderBody)
@answers(orders)
def take_back(order_id: UUID, body: dict[str, Any]) -> Order:
    """Take delivered goods back; their value reduces the receivable, or becomes a refund that is due."""
    with transaction() as session:
        return collection.take_back(session, order_id, **body)


@blueprint.post("/<uuid:order_id>/close")
@requires("order:update", idempotency_key=True)
@accepts(CloseOrderBody)
@answers(orders)
def close(order_id: UUID, body: dict[str, Any]) -> Order:
    """Put an order away; what was not delivered of it is cancelled and not owed any more."""
    with transaction() as session:
        return collection.close(session, order_id, **body)


@blueprint.post("/<uuid:order_id>/cancel")
@requires("order:update", idempotency_key=True)
@accepts(CancelOrderBody)
@answers(orders)
def cancel(order_id: UUID, body: dict[str, Any]) -> Order:
    """Cancel an order of which the customer has no goods and that is not paid for."""
    with transaction() as session:
        return collection.cancel(session, order_id, **body)
