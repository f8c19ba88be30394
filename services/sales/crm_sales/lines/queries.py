"""What a new document needs to know of its unit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis.org import OrgUnit


def currency_of(session: Session, unit_id: UUID) -> str:
    """The currency a unit does business in."""
    return session.scalar(select(OrgUnit.currency).where(OrgUnit.id == unit_id)) or "CNY"
