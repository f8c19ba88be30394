"""Reading orders for consumers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Order


def locked(session: Session, order_id: UUID) -> Order | None:
    """The order as it is now, locked; None when it was deleted."""
    statement = select(Order).where(Order.id == order_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))
