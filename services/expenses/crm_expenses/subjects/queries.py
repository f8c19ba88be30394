"""Which records somebody may name as what a cost is about."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..customers import queries as customers
from .models import COPIES


def is_visible(session: Session, kind: str, record_id: UUID) -> bool:
    """Whether the record of this kind (``customer`` or one of COPIES) exists for the caller."""
    if kind == "customer":
        return bool(customers.visible(session, [record_id]))
    model = COPIES[kind]
    return session.scalar(select(model.id).where(model.id == record_id)) is not None
