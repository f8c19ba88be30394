"""Who is told: users as the org copy knows them, with what a text for them needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org

DEFAULT_TIMEZONE = "Asia/Shanghai"
DEFAULT_LOCALE = "zh-CN"


@dataclass(frozen=True, slots=True)
class Person:
    """A user. email: None when nothing can be mailed to them."""

    id: UUID
    unit_id: UUID
    name: str
    email: str | None
    locale: str
    timezone: str
    manager_id: UUID | None
    active: bool


def known(session: Session, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The users with these ids that this service has heard of."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = session.execute(
        select(org.OrgUser, org.OrgUnit.timezone)
        .outerjoin(org.OrgUnit, org.OrgUnit.id == org.OrgUser.unit_id)
        .where(org.OrgUser.id.in_(wanted))
    )
    return {user.id: _person(user, timezone) for user, timezone in rows}


def _person(user: org.OrgUser, timezone: str | None) -> Person:
    return Person(
        id=user.id,
        unit_id=user.unit_id,
        name=user.display_name,
        email=user.email,
        locale=user.locale or DEFAULT_LOCALE,
        timezone=timezone or DEFAULT_TIMEZONE,
        manager_id=user.manager_id,
        active=user.active,
    )


def stranger(user_id: UUID, unit_id: UUID) -> Person:
    """A user whose own event has not come yet: told in the app in the default language, not by mail."""
    return Person(user_id, unit_id, "", None, DEFAULT_LOCALE, DEFAULT_TIMEZONE, None, True)


def name_of(session: Session, user_id: UUID | None) -> str:
    """The user's display name, empty when unknown."""
    user = session.get(org.OrgUser, user_id) if user_id else None
    return user.display_name if user else ""


def who_left(session: Session, user_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the users who were deactivated; one whose own event has not come yet was not."""
    wanted = sorted(set(user_ids))
    gone = select(org.OrgUser.id).where(org.OrgUser.id.in_(wanted), org.OrgUser.active.is_(False))
    return set(session.scalars(gone)) if wanted else set()


def superior(session: Session, user_id: UUID | None, unit_id: UUID | None) -> UUID | None:
    """Who stands above a user: the manager named for them, else the manager of their unit or of one above it.

    Without a user, the manager of the unit. Who has left is passed over. None when the tree names nobody else.
    """
    user = session.get(org.OrgUser, user_id) if user_id else None
    named = user.manager_id if user else None
    if named and named != user_id and not who_left(session, [named]):
        return named
    start = user.unit_id if user else unit_id
    if start is None:
        return None
    nearest = org.manager_of(session, start)
    return nearest if nearest != user_id else _above(session, start, user_id)


def _above(session: Session, unit_id: UUID, user_id: UUID | None) -> UUID | None:
    higher = org.manager_of(session, unit_id, 2)
    return higher if higher != user_id else None


def head_of_company(session: Session, unit_id: UUID) -> UUID | None:
    """The manager of the company a unit belongs to, or of the nearest company above that has one."""
    return org.manager_of(session, org.tree().company(unit_id))


def timezone_of(session: Session, unit_id: UUID | None) -> str:
    """The time zone (IANA name) of a unit, the default one when it is unknown."""
    found = session.scalar(select(org.OrgUnit.timezone).where(org.OrgUnit.id == unit_id)) if unit_id else None
    return found or DEFAULT_TIMEZONE
