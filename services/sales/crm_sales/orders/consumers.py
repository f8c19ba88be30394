"""What workflow decided about an order's discounts."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from . import actions, collection, queries
from .collection import orders
from .models import Order


def on_decided(session: Session, envelope: Envelope) -> None:
    """Confirm an approved order; a rejected or returned one may be edited and asked for again."""
    order = _waiting(session, envelope)
    if order is None:
        return
    status = envelope.data["status"]
    actions.decide(order, status=status, comment=envelope.data.get("comment"))
    if status == "approved":
        collection.settle(session, order)
    else:
        orders.announce(session, order, "changed")


def on_withdrawn(session: Session, envelope: Envelope) -> None:
    """The requester took the request back in the approval list: the draft may be edited again."""
    order = _waiting(session, envelope)
    if order is not None:
        actions.decide(order, status="withdrawn", comment=envelope.data.get("comment"))
        orders.announce(session, order, "changed")


def _waiting(session: Session, envelope: Envelope) -> Order | None:
    """The order that waits for this decision; None for other services' subjects and for rounds that are over."""
    if envelope.data["subject_type"] != "order":
        return None
    order = queries.locked(session, UUID(envelope.data["subject_id"]))
    if order is None or order.approval_status != "pending" or order.approval_round != envelope.data["round"]:
        return None
    return order


HANDLERS = {
    "crm.workflow.approval.decided.v1": on_decided,
    "crm.workflow.approval.withdrawn.v1": on_withdrawn,
}
