"""What a new installation begins with: the group's unit, the ready-made roles, and an administrator."""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis.service import current_runtime

from . import freshness
from .identity import users
from .identity.models import User
from .org import actions as org_actions
from .org.models import Unit
from .roles import queries as roles
from .roles.actions import ADMINISTRATOR
from .roles.bootstrap import ensure_ready_made

log = structlog.get_logger("bootstrap")


def bootstrap(session: Session) -> None:
    """Write what is missing; what is there stays as it is. May run again at any time."""
    freshness.begin(session)
    root = session.scalar(select(Unit).where(Unit.parent_id.is_(None)))
    if root is None:
        root = org_actions.plant_root(session, code="HQ", name="集团总部", name_en="Head office")
    ensure_ready_made(session, root.id)
    freshness.changed(session)
    if session.scalar(select(User.id).limit(1)) is None:
        _plant_administrator(session, root)


def _plant_administrator(session: Session, root: Unit) -> None:
    settings = current_runtime().settings
    role = roles.by_key(session, ADMINISTRATOR)
    if role is None:
        raise RuntimeError("the ready-made roles were not written")
    if not settings.admin_password:
        log.warning("set ADMIN_PASSWORD and migrate again: there is no user yet")
        return
    users.plant_administrator(
        session,
        unit_id=root.id,
        username=settings.admin_username,
        password=settings.admin_password,
        role_id=role.id,
    )
