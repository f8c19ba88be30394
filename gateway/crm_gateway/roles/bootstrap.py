"""Writing the ready-made roles."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .models import Role
from .readymade import READY_MADE, ReadyMade

_UNTOUCHED = 1
"""The version of a role nobody has edited."""


def ensure_ready_made(session: Session, unit_id: UUID) -> None:
    """Write the ready-made roles that are missing, and renew those nobody has edited; edited and deleted ones stay."""
    statement = select(Role.key).execution_options(with_deleted=True)
    known = set(session.scalars(statement))
    for made in READY_MADE:
        if made.key in known:
            _renew(session, made)
        else:
            session.add(Role(unit_id=unit_id, key=made.key, built_in=True, **_content(made)))
    session.flush()


def _renew(session: Session, made: ReadyMade) -> None:
    """Without a new version, so that the next release may renew it again."""
    untouched = update(Role).where(Role.key == made.key, Role.version == _UNTOUCHED)
    session.execute(untouched.values(**_content(made)), execution_options={"synchronize_session": False})


def _content(made: ReadyMade) -> dict[str, object]:
    return {"name": made.name, "name_en": made.name_en, "grants": made.as_rows(), "fields": list(made.fields)}
