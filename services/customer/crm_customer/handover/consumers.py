"""A user hands everything open over to another: owners and assignees change, units stay."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from crm_chassis import clock, ids, outbox
from crm_chassis.collection import Collection
from crm_chassis.text_search import SearchTerms
from crm_contracts.envelope import Envelope

from ..activities.collection import activities
from ..churn.collection import churn_cases
from ..churn.rules import OPEN
from ..contacts.collection import contacts
from ..customers.collection import customers
from ..customers.models import Ownership


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """Give the user's customers, contacts, planned activities and open churn cases to the other user.

    Customers, contacts, activities and churn cases are announced as changed, so that other services' copies name the
    new owner.
    """
    old, new = UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"])
    _remember(session, _move(session, customers, "owner_id", old, new, announce=True), old, new)
    _move(session, contacts, "owner_id", old, new, announce=True)
    planned = activities.model.status == "planned"
    _move(session, activities, "owner_id", old, new, planned)
    _move(session, activities, "assignee_id", old, new, planned, announce=True)
    _move(session, churn_cases, "owner_id", old, new, churn_cases.model.status.in_(OPEN), announce=True)
    terms = update(SearchTerms).where(SearchTerms.owner_id == old, SearchTerms.resource.in_(("customer", "contact")))
    session.execute(terms.values(owner_id=new))


def _move(
    session: Session, held: Collection, column: str, old: UUID, new: UUID, *open_only: Any, announce: bool = False
) -> list[Any]:
    """Change who holds the records, in one statement; answers them as they are now."""
    model = held.model
    statement = (
        update(model)
        .where(getattr(model, column) == old, *open_only)
        .values(**{column: new}, version=model.version + 1, updated_at=clock.now())
        .returning(model)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    moved = list(session.scalars(statement))
    for record in moved if announce else ():
        kind = held.event_type("changed")
        outbox.record(session, kind, record.id, held.payload(record), version=record.version, unit_id=record.unit_id)
    return moved


def _remember(session: Session, moved: list[Any], old: UUID, new: UUID) -> None:
    rows = [
        {
            "id": ids.uuid7(),
            "customer_id": customer.id,
            "action": "handover",
            "from_owner_id": old,
            "to_owner_id": new,
            "from_unit_id": customer.unit_id,
            "to_unit_id": customer.unit_id,
            "at": clock.now(),
        }
        for customer in moved
    ]
    if rows:
        session.execute(insert(Ownership), rows)
