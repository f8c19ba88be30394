"""Reading a customer's timeline and figures."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, not_, select, tuple_
from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.database import everything

from ..activities.models import Activity
from ..churn.rules import months_before
from ..customers.models import Customer
from ..facts import queries as facts
from ..interactions.models import Interaction
from ..timeline.models import TimelineEntry


def entries(
    session: Session, customer: Customer, *, resources: Collection[str], after: tuple[Any, Any] | None, limit: int
) -> list[TimelineEntry]:
    """The customer's timeline, newest first, of these resources only; ``after`` is the last (at, id) seen.

    Its creation is an entry like the others, read off the customer itself. Entries of interactions that were deleted
    since are left out.
    """
    gone = exists().where(Interaction.id == TimelineEntry.subject_id, Interaction.deleted_at.is_not(None))
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.customer_id == customer.id, TimelineEntry.resource.in_(resources))
        .where(not_(and_(TimelineEntry.resource == "interaction", gone)))
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(TimelineEntry.at, TimelineEntry.id) < tuple_(*after))
    with everything(session):
        found = list(session.scalars(statement.execution_options(with_deleted=True)))
    if "customer" in resources and (after is None or (customer.created_at, customer.id) < after):
        found.append(_creation(customer))
    return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)[:limit]


def _creation(customer: Customer) -> TimelineEntry:
    return TimelineEntry(
        id=customer.id,
        customer_id=customer.id,
        at=customer.created_at,
        type="crm.customer.customer.created.v1",
        resource="customer",
        subject_id=customer.id,
        actor_id=customer.created_by,
        details={},
    )


def figures(session: Session, customer: Customer, may_read: Collection[str]) -> dict[str, Any]:
    """Counts and sums of a customer; those of resources not in ``may_read`` are None."""
    today = org.today(customer.unit_id)
    made: dict[str, Callable[[], Any]] = {
        "opportunity": lambda: facts.open_opportunities(session, customer.id),
        "order": lambda: facts.orders_between(session, customer.id, months_before(today, 12), today),
        "receivable": lambda: facts.open_receivables(session, customer.id, today),
        "request": lambda: facts.requests(session, customer.id),
        "interaction": lambda: _last_interaction(session, customer.id),
        "activity": lambda: _next_activity(session, customer.id),
    }
    return {resource: compute() if resource in may_read else None for resource, compute in made.items()}


def _last_interaction(session: Session, customer_id: UUID) -> Interaction | None:
    statement = select(Interaction).where(Interaction.customer_id == customer_id)
    return session.scalar(statement.order_by(Interaction.occurred_at.desc(), Interaction.id.desc()).limit(1))


def _next_activity(session: Session, customer_id: UUID) -> Activity | None:
    statement = select(Activity).where(Activity.customer_id == customer_id, Activity.status == "planned")
    return session.scalar(statement.order_by(Activity.due_at.asc().nulls_last(), Activity.id).limit(1))
