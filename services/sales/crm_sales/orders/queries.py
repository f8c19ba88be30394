"""Reading orders for consumers and for payments."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Order


def locked(session: Session, order_id: UUID) -> Order | None:
    """The order as it is now, locked; None when it was deleted."""
    statement = select(Order).where(Order.id == order_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def locked_all(session: Session, ids: Iterable[UUID]) -> dict[UUID, Order]:
    """The orders with these ids, locked one after the other in the order of their ids. Needs ``everything``.

    Whoever changes orders and receivables together locks the orders first.
    """
    statement = select(Order).where(Order.id.in_(set(ids))).order_by(Order.id).with_for_update()
    found = session.scalars(statement.execution_options(populate_existing=True))
    return {order.id: order for order in found}
