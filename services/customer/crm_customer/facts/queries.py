"""Figures of a customer's business."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from crm_chassis.money import money

from . import rules
from .models import CustomerOpportunity, CustomerOrder, CustomerReceivable, CustomerRequest


def last_bought_on(session: Session, customer_id: UUID) -> date | None:
    """The day of the customer's latest order that counts."""
    statement = select(func.max(CustomerOrder.ordered_on)).where(
        CustomerOrder.customer_id == customer_id, CustomerOrder.status.in_(rules.BOUGHT)
    )
    return session.scalar(statement)


def orders_between(session: Session, customer_id: UUID, first: date, last: date) -> dict[str, Any]:
    """How many orders the customer placed on the days from ``first`` to ``last``, and by currency what it kept of them."""
    return _counted(
        session,
        select(CustomerOrder.currency, func.count(), func.sum(CustomerOrder.total - CustomerOrder.not_kept))
        .where(CustomerOrder.customer_id == customer_id, CustomerOrder.status.in_(rules.BOUGHT))
        .where(CustomerOrder.ordered_on.between(first, last))
        .group_by(CustomerOrder.currency),
    )


def open_opportunities(session: Session, customer_id: UUID) -> dict[str, Any]:
    """How many opportunities are open, and their sums by currency."""
    table = CustomerOpportunity
    return _counted(
        session,
        select(table.currency, func.count(), func.sum(table.amount))
        .where(table.customer_id == customer_id, table.status == "open")
        .group_by(table.currency),
    )


def open_receivables(session: Session, customer_id: UUID, today: date) -> dict[str, Any]:
    """How many receivables are open, what is still to come by currency, and how much of it is past due ``today``."""
    table = CustomerReceivable
    balance = table.amount - table.paid - table.credited
    owed = select(table.currency, func.count(), func.sum(balance)).where(
        table.customer_id == customer_id, table.status.in_(rules.OWED)
    )
    overdue = owed.where(table.due_on < today).group_by(table.currency)
    return {**_counted(session, owed.group_by(table.currency)), "overdue": _counted(session, overdue)}


def requests(session: Session, customer_id: UUID) -> dict[str, Any]:
    """How many requests are open, how many of them complaints, and the mean rating (1-5, one digit) of all rated."""
    table = CustomerRequest
    is_open = table.status.not_in(rules.SETTLED_REQUESTS)
    row = session.execute(
        select(
            func.count().filter(is_open),
            func.count(case((table.kind == "complaint", 1))).filter(is_open),
            func.avg(table.satisfaction),
        ).where(table.customer_id == customer_id)
    ).one()
    return {"open": row[0], "complaints": row[1], "satisfaction": None if row[2] is None else float(round(row[2], 1))}


def _counted(session: Session, statement: Select[*tuple[Any, ...]]) -> dict[str, Any]:
    rows = session.execute(statement).all()
    sums = [money(Decimal(row[2]), row[0]) for row in rows if row[0] and row[2] is not None]
    return {"count": sum(row[1] for row in rows), "total": sums}
