"""Reading receivables. For writing: always locked, in the order of their ids, so that two callers queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm_chassis import clock, org

from . import rules
from .models import Receivable

FIRST_TO_BEGIN_A_DAY = "Pacific/Kiritimati"


def locked(session: Session, ids: Iterable[UUID]) -> dict[UUID, Receivable]:
    """The receivables with these ids that the session's scope reaches, as they are now, locked."""
    statement = select(Receivable).where(Receivable.id.in_(set(ids))).order_by(Receivable.id).with_for_update()
    found = session.scalars(statement.execution_options(populate_existing=True))
    return {receivable.id: receivable for receivable in found}


def of_order(session: Session, order_id: UUID) -> list[Receivable]:
    """Every receivable of an order, locked, provided the session sees ``everything``: its verbs settle them all."""
    statement = select(Receivable).where(Receivable.order_id == order_id).order_by(Receivable.id).with_for_update()
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def orders_of(session: Session, ids: Iterable[UUID]) -> set[UUID]:
    """The orders that these receivables are of, which never change."""
    return set(session.scalars(select(Receivable.order_id).where(Receivable.id.in_(set(ids)))))


def newly_overdue(session: Session, *, limit: int) -> list[Receivable]:
    """Receivables whose day has passed where their unit works, not found overdue yet, the oldest first, locked."""
    passed = Receivable.due_on < clock.today(FIRST_TO_BEGIN_A_DAY)  # for the index: what is not over even there is not
    statement = (
        select(Receivable)
        .where(Receivable.status.in_(("open", "partly_paid")), passed)
        .where(Receivable.due_on < org.today_there(Receivable.unit_id))
        .order_by(Receivable.due_on)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(statement))


def owed_by_day(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Sequence[Any]:
    """What is still owed in the caller's scope by due day and currency: count and amount."""
    owed = Receivable.amount - Receivable.paid - Receivable.credited
    columns = (Receivable.due_on, Receivable.currency)
    return session.execute(
        select(*columns, func.count().label("count"), func.sum(owed).label("amount"))
        .where(Receivable.status.in_(rules.OPEN), *conditions)
        .group_by(*columns)
    ).all()
