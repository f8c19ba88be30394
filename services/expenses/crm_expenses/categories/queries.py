"""Which categories may be used where."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.database import everything

from .models import ExpenseCategory


def usable(session: Session, unit_id: UUID) -> set[UUID]:
    """The active categories of the unit and of the units above it, whoever asks: they are inherited."""
    own = select(ExpenseCategory.id).where(
        ExpenseCategory.unit_id.in_(org.tree().ancestors(unit_id)), ExpenseCategory.active
    )
    with everything(session):
        return set(session.scalars(own))
