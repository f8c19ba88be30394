"""Setting policies."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from crm_chassis.collection.writing import assign
from crm_chassis.errors import field_error

from ..categories import queries as categories
from .models import ExpensePolicy


def create(session: Session, values: dict[str, Any]) -> ExpensePolicy:
    """Add a policy for a category that holds in its unit. Raises Invalid."""
    policy = ExpensePolicy(**values)
    _check_category(session, policy)
    session.add(policy)
    return policy


def update(session: Session, policy: ExpensePolicy, values: dict[str, Any]) -> None:
    """Change a policy. Raises Invalid when its category does not hold in its unit."""
    assign(policy, values)
    _check_category(session, policy)


def _check_category(session: Session, policy: ExpensePolicy) -> None:
    if policy.category_id not in categories.usable(session, policy.unit_id):
        raise field_error("/category_id", "unknown", "Choose an active category of this unit or of one above it.")
