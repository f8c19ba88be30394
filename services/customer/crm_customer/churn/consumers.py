"""Orders: what was bought when, and what that means for the customer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from ..customers.collection import customers
from ..customers.figures import keep_figures
from ..customers.models import Customer
from ..customers.queries import locked
from ..facts import actions as facts
from ..facts.consumers import types_of
from ..facts.queries import last_bought_on
from . import actions
from .collection import churn_cases

_HOME = ZoneInfo("Asia/Shanghai")


def on_order(session: Session, envelope: Envelope) -> None:
    """Copy the order, move the customer's last order, and close its churn case when it bought again.

    A prospect who buys becomes a customer. The customer's row is locked first, so that two of its orders that come at
    the same time see each other.
    """
    customer = locked(session, UUID(envelope.data["customer_id"]))
    if not facts.copy_order(session, envelope.data, envelope.aggregateversion) or customer is None:
        return
    last_on = last_bought_on(session, customer.id)
    last_at = None if last_on is None else datetime.combine(last_on, time(), _HOME).astimezone(UTC)
    if last_on is not None:
        _welcome(session, customer, last_on)
    if customer.last_order_at != last_at:
        session.flush()
        keep_figures(session, Customer.id == customer.id, last_order_at=last_at)


def _welcome(session: Session, customer: Customer, last_on: date) -> None:
    if customer.relation == "prospect":
        customer.relation = "customer"
        customers.announce(session, customer, "changed")
    case = actions.recover_by_order(session, customer.id, last_on)
    if case is not None:
        churn_cases.announce(session, case, "recovered")


HANDLERS = dict.fromkeys(types_of("sales", "order"), on_order)
