"""Writing the ready-made roles that are not there yet."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Role
from .readymade import READY_MADE


def ensure_ready_made(session: Session, unit_id: UUID) -> None:
    """Write each ready-made role whose key nobody has used yet; roles that exist, edited or deleted, stay as they are."""
    known = set(session.scalars(select(Role.key).execution_options(with_deleted=True)))
    for made in READY_MADE:
        if made.key not in known:
            session.add(
                Role(
                    unit_id=unit_id,
                    key=made.key,
                    name=made.name,
                    name_en=made.name_en,
                    grants=made.as_rows(),
                    fields=list(made.fields),
                    built_in=True,
                )
            )
    session.flush()
