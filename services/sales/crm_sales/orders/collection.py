"""The collection of orders and its verbs: each loads the record for the caller, acts and announces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import outbox
from crm_chassis.collection import Collection, Verb, writing
from crm_chassis.database import everything
from crm_chassis.identity import current_principal

from ..receivables.collection import announce_settled, receivables
from . import actions, rules
from .models import Order
from .schemas import CancelOrderBody, CloseOrderBody, ConfirmOrderBody, DeliverOrderBody, OrderSchema


def confirm(session: Session, order_id: UUID) -> Order:
    """Confirm a draft, or ask for approval first when its discounts are beyond the limit.

    Raises NotFound, Forbidden, StateConflict.
    """
    order = _get(session, order_id, "order:confirm")
    actions.require_draft(order)
    if rules.needs_approval(order.lines):
        _ask_approval(session, order)
    else:
        settle(session, order)
    return order


def settle(session: Session, order: Order) -> None:
    """Make a locked order binding, open its receivable and announce both."""
    receivable = actions.confirm(order)
    orders.announce(session, order, "confirmed")
    if receivable is not None:
        session.add(receivable)
        receivables.announce(session, receivable, "opened")


def deliver(session: Session, order_id: UUID, *, lines: Sequence[Mapping[str, Any]] | None = None) -> Order:
    """Count a delivery of all or of some lines. Raises NotFound, Forbidden, StateConflict, Invalid."""
    order = _get(session, order_id, "order:deliver")
    actions.deliver(order, lines)
    orders.announce(session, order, "delivered")
    return order


def take_back(
    session: Session, order_id: UUID, *, lines: Sequence[Mapping[str, Any]], reason: str | None = None
) -> Order:
    """Take delivered goods back. Raises NotFound, Forbidden, StateConflict, Invalid."""
    order = _get(session, order_id, "order:deliver")
    with everything(session):  # what is owed follows the order, whoever may read or change receivables
        value, credited = actions.take_back(session, order, lines)
    returned = {"amount": str(value), "currency": order.currency}
    orders.announce(session, order, "returned", returned=returned, reason=reason)
    for receivable in credited:
        announce_settled(session, receivable)
    return order


def close(session: Session, order_id: UUID, *, reason: str | None = None) -> Order:
    """Put a delivered order away, or a part-delivered one whose rest is cancelled by that.

    Raises NotFound, Forbidden, StateConflict.
    """
    order = _get(session, order_id, "order:update")
    with everything(session):
        credited = actions.close(session, order, reason=reason)
    orders.announce(session, order, "closed")
    for receivable in credited:
        announce_settled(session, receivable)
    return order


def cancel(session: Session, order_id: UUID, *, reason: str | None = None) -> Order:
    """Cancel an order of which the customer has no goods and we no money. Raises NotFound, Forbidden, StateConflict."""
    order = _get(session, order_id, "order:update")
    waiting = order.approval_status == "pending"
    with everything(session):
        given_up = actions.cancel(session, order, reason=reason)
        if waiting:
            _withdraw_approval(session, order)
    orders.announce(session, order, "cancelled")
    for receivable in given_up:
        receivables.announce(session, receivable, "written-off", reason="order cancelled")
    return order


def _get(session: Session, order_id: UUID, permission: str) -> Order:
    found: Order = writing.get_for(session, orders, order_id, permission)
    return found


def _ask_approval(session: Session, order: Order) -> None:
    actions.ask_approval(order)
    orders.announce(session, order, "changed")
    largest = rules.largest_reduction(order.lines)
    asked = _approval(order) | {
        "version": 1,
        "title": f"{order.number} −{largest} %",
        "requester_id": current_principal().user_id,
        "round": order.approval_round,
        "fields": {
            "amount": str(order.total),
            "currency": order.currency,
            "discount": str(largest),
            "customer_id": order.customer_id,
        },
    }
    _publish_approval(session, order, "requested", asked)


def _withdraw_approval(session: Session, order: Order) -> None:
    actions.decide(order, status="withdrawn", comment=order.cancelled_reason)
    _publish_approval(session, order, "cancelled", _approval(order) | {"version": 2, "round": order.approval_round})


def _approval(order: Order) -> dict[str, Any]:
    return {
        "id": order.approval_id,
        "unit_id": order.unit_id,
        "subject_type": "order",
        "subject_id": order.id,
    }


def _publish_approval(session: Session, order: Order, fact: str, payload: dict[str, Any]) -> None:
    approval_id: UUID = payload["id"]
    version, event_type = payload["version"], f"crm.sales.approval.{fact}.v1"
    outbox.record(session, event_type, approval_id, payload, version=version, unit_id=order.unit_id)


def _may_confirm(order: Any) -> bool:
    return actions.locked(order) is None


def _may_take_back(order: Any) -> bool:
    return order.status in rules.RETURNABLE and any(map(rules.returnable, order.lines))


orders = Collection(
    "orders",
    Order,
    OrderSchema,
    ("订单", "Orders"),
    subject="order",
    create=actions.create,
    update=actions.change,
    locked=actions.locked,
    late_files=True,
    computed={"delivered_quantity": lambda order: f"{order.delivered_quantity.normalize():f}"},
    verbs=(
        Verb("confirm", "order:confirm", when=_may_confirm, body=ConfirmOrderBody, run=confirm),
        Verb("deliver", "order:deliver", when=lambda o: o.status == "confirmed", body=DeliverOrderBody, run=deliver),
        Verb("return", "order:deliver", when=_may_take_back),
        Verb("close", "order:update", when=actions.may_close, body=CloseOrderBody, run=close),
        Verb("cancel", "order:update", when=actions.may_cancel, body=CancelOrderBody, run=cancel),
    ),
    default_sort=("-ordered_on",),
)
