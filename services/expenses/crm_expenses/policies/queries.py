"""Holding expenses against the policies of their unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.database import everything

from .models import ExpensePolicy
from .rules import Expense, Policy, over_limit

__all__ = ["Expense", "beyond_policy"]


def beyond_policy(
    session: Session, *, unit_id: UUID, currency: str, grades: Iterable[str], expenses: Sequence[Expense]
) -> list[bool]:
    """For each expense, whether it goes beyond the policies of the unit and of those above it, whoever asks.

    A policy in another currency than the claim's says nothing about it.
    """
    path = org.tree().ancestors(unit_id)
    inherited = select(ExpensePolicy).where(ExpensePolicy.unit_id.in_(path), ExpensePolicy.currency == currency)
    with everything(session):
        rows = session.scalars(inherited).all()
    policies = [
        Policy(path.index(row.unit_id), row.category_id, row.city_tier, row.grade, row.limit_per_day) for row in rows
    ]
    return over_limit(policies, expenses, grades)
