"""Which customers somebody may name."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Customer


def visible(session: Session, customer_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the customers that exist for the caller."""
    wanted = set(customer_ids)
    if not wanted:
        return set()
    found = select(Customer.id).where(Customer.id.in_(wanted), Customer.merged_into_id.is_(None))
    return set(session.scalars(found))
