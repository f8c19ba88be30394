"""Reading roles."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis.database import everything

from .models import Role


def by_ids(session: Session, ids: Iterable[UUID]) -> list[Role]:
    """The roles with these ids, whoever asks, in the order of their keys."""
    wanted = list(ids)
    if not wanted:
        return []
    with everything(session):
        return list(session.scalars(select(Role).where(Role.id.in_(wanted)).order_by(Role.key)))


def by_key(session: Session, key: str) -> Role | None:
    """The role with this key."""
    return session.scalar(select(Role).where(Role.key == key))
