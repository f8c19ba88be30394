"""Reading orders, and what a new one needs to know of its unit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis.org import OrgUnit

from .models import Order


def currency_of(session: Session, unit_id: UUID) -> str:
    """The currency a unit does business in."""
    return session.scalar(select(OrgUnit.currency).where(OrgUnit.id == unit_id)) or "CNY"


def locked(session: Session, order_id: UUID) -> Order | None:
    """The order as it is now, locked; None when it was deleted."""
    statement = select(Order).where(Order.id == order_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))
