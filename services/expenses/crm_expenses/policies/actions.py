"""Setting policies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis.collection.writing import assign
from crm_chassis.errors import field_error
from crm_chassis.language import say

from ..categories import queries as categories
from .models import ExpensePolicy


def create(session: Session, values: dict[str, Any]) -> ExpensePolicy:
    """Add a policy for a category that holds in its unit. Raises Invalid."""
    _check_category(session, values["category_id"], values["unit_id"])
    policy = ExpensePolicy(**values)
    session.add(policy)
    return policy


def update(session: Session, policy: ExpensePolicy, values: dict[str, Any]) -> None:
    """Change a policy. Raises Invalid when its category does not hold in its unit."""
    _check_category(session, values.get("category_id", policy.category_id), values.get("unit_id", policy.unit_id))
    assign(policy, values)


def _check_category(session: Session, category_id: UUID, unit_id: UUID) -> None:
    if category_id not in categories.usable(session, unit_id):
        raise field_error("/category_id", "unknown", say("Choose an active category of this unit or of one above it."))
