"""The signed-in user's day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from crm_chassis import clock
from crm_chassis.identity import Principal
from crm_chassis.money import money

from ..figures.models import Figure
from ..reach import may_read
from ..records import places
from ..records.models import KnownRecord
from ..search.rules import SHAPES
from . import rules
from .models import Task

SHOWN = 10
NOTHING: dict[str, Any] = {"total": 0, "overdue": 0, "items": []}


def day(session: Session, principal: Principal) -> dict[str, Any]:
    """Counts and short lists of what waits for the caller today, their funnel and their latest customers."""
    now = clock.now()
    zone = places.zone_of(principal.unit_id)
    today = now.astimezone(zone).date()
    tonight = datetime.combine(today, time.min, zone) + timedelta(days=1)
    mine = Task.people.contains([principal.user_id])
    of_my_customers = or_(mine, Task.customer_id.in_(_my_customers(principal)))
    return {
        "date": today,
        "activities": _waiting(session, principal, "activity", now, mine, Task.due_at < tonight),
        "approvals": _waiting(session, principal, "approval", now, mine),
        "requests": _waiting(session, principal, "request", now, mine),
        "churn_cases": _waiting(session, principal, "churn_case", now, mine),
        "receivables": _waiting(session, principal, "receivable", now, of_my_customers, Task.due_at < now),
        "funnel": _funnel(session, principal),
        "customers": _customers(session, principal),
    }


def _my_customers(principal: Principal) -> Any:
    owned = (KnownRecord.resource == "customer", KnownRecord.owner_id == principal.user_id)
    return select(KnownRecord.record_id).where(*owned)


def _waiting(
    session: Session, principal: Principal, resource: str, now: datetime, *conditions: ColumnElement[bool]
) -> dict[str, Any]:
    kind = rules.KINDS[resource]
    if not may_read(principal, resource, *filter(None, (kind.title, kind.due))):
        return NOTHING
    wanted = (Task.resource == resource, *conditions)
    counted = select(func.count(), func.count().filter(Task.due_at < now)).where(*wanted)
    total, overdue = session.execute(counted).one()
    customer = aliased(KnownRecord)
    named = select(Task, customer.state["name"].astext).outerjoin(
        customer, (customer.resource == "customer") & (customer.record_id == Task.customer_id)
    )
    rows = session.execute(
        named.where(*wanted).order_by(Task.due_at.asc().nulls_last(), Task.record_id).limit(SHOWN)
    ).all()
    names, amounts = may_read(principal, "customer", "name"), may_read(principal, resource, *rules.OWED)
    items = [_item(task, kind.link, now, name if names else None, amounts=amounts) for task, name in rows]
    return {"total": total, "overdue": overdue, "items": items}


def _item(task: Task, link: str, now: datetime, customer: str | None, *, amounts: bool) -> dict[str, Any]:
    item = {
        "resource": task.resource,
        "id": task.record_id,
        "title": task.title or customer,
        "customer_id": task.customer_id,
        "customer_name": customer,
        "status": task.status,
        "due_at": task.due_at,
        "overdue": task.due_at is not None and task.due_at < now,
        "link": f"/{link}/{task.record_id}",
    }
    if task.amount is None:
        return item
    return item | {"amount": money(task.amount, task.currency or "") if amounts else None}


def _funnel(session: Session, principal: Principal) -> list[dict[str, Any]]:
    """The caller's open opportunities by stage and currency, the largest first."""
    if not may_read(principal, "opportunity", "stage", "amount"):
        return []
    count = func.sum(Figure.value).filter(Figure.measure == "opportunities.open")
    value = func.coalesce(func.sum(Figure.value).filter(Figure.measure == "opportunities.open_amount"), 0)
    measures = ("opportunities.open", "opportunities.open_amount")
    rows = session.execute(
        select(Figure.label, Figure.currency, count, value)
        .where(Figure.owner_id == principal.user_id, Figure.measure.in_(measures))
        .group_by(Figure.label, Figure.currency)
        .having(count > 0)
        .order_by(value.desc(), Figure.label)
    )
    return [
        {"stage": stage, "count": int(number), "amount": money(total, currency) if currency else None}
        for stage, currency, number, total in rows
    ]


def _customers(session: Session, principal: Principal) -> list[dict[str, Any]]:
    """The caller's customers, the latest changed first."""
    if not may_read(principal, "customer", "name"):
        return []
    changed = KnownRecord.state["updated_at"].astext
    gone = or_(KnownRecord.state.has_key("deleted"), KnownRecord.state.has_key("merged_into"))
    rows = session.execute(
        select(KnownRecord.record_id, KnownRecord.state["name"].astext, changed)
        .where(KnownRecord.resource == "customer", KnownRecord.owner_id == principal.user_id, ~gone)
        .order_by(changed.desc(), KnownRecord.record_id)
        .limit(SHOWN)
    )
    path = SHAPES["customer"].link
    return [{"id": each, "name": name, "updated_at": at, "link": f"/{path}/{each}"} for each, name, at in rows]
