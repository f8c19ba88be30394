"""The policy that holds for a request."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.database import everything

from . import rules
from .models import SlaPolicy


def policy_for(session: Session, unit_id: UUID, *, kind: str, priority: str, level: str | None) -> SlaPolicy | None:
    """The policy of the unit or inherited from above. Policies hold whether or not the caller may read them."""
    units = org.tree().ancestors(unit_id)
    with everything(session):
        policies = session.scalars(select(SlaPolicy).where(SlaPolicy.unit_id.in_(units))).all()
    return rules.choose(policies, units, kind=kind, priority=priority, level=level)


def counts_by(session: Session, calendar_id: UUID) -> bool:
    """Whether any policy, whoever may see it, counts by a calendar."""
    with everything(session):
        counting = select(SlaPolicy.id).where(SlaPolicy.calendar_id == calendar_id).limit(1)
        return session.scalar(counting) is not None
