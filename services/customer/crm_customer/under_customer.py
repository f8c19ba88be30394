"""What under a customer would go on calling for somebody once the customer is deleted: it goes, and comes back with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from crm_chassis.collection import Collection

from .activities.collection import activities
from .churn.collection import churn_cases
from .churn.rules import OPEN
from .contacts.collection import contacts
from .customers.models import Customer


def leave(session: Session, customer: Customer) -> None:
    """Delete a deleted customer's contacts, planned activities and open churn case, and announce each.

    They have its time of deletion: by that they are told from those that were deleted before. Needs ``everything``.
    """
    for held, conditions in _calling(customer.id):
        for record in session.scalars(select(held.model).where(*conditions).with_for_update()):
            record.deleted_at = customer.deleted_at
            held.announce(session, record, "deleted")


def come_back(session: Session, customer: Customer) -> None:
    """Bring back what was deleted with a customer that is still deleted, and announce each. Needs ``everything``."""
    for held, conditions in _calling(customer.id):
        gone = select(held.model).where(*conditions, held.model.deleted_at == customer.deleted_at).with_for_update()
        for record in session.scalars(gone.execution_options(with_deleted=True)):
            record.deleted_at = None
            held.announce(session, record, "changed")


def _calling(customer_id: UUID) -> list[tuple[Collection, list[ColumnElement[bool]]]]:
    open_only: list[tuple[Collection, list[Any]]] = [
        (contacts, []),
        (activities, [activities.model.status == "planned"]),
        (churn_cases, [churn_cases.model.status.in_(OPEN)]),
    ]
    return [(held, [held.model.customer_id == customer_id, *conditions]) for held, conditions in open_only]
