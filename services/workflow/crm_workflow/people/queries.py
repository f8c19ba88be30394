"""Finding approvers in the company tree; only users who can decide are found."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, and_, any_, exists, not_, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm_chassis import org

from .models import Role

COMPANY_ADMINISTRATOR, GROUP_ADMINISTRATOR = "subsidiary_admin", "group_admin"
MOST = 50
"""No step asks more people than this, however many hold a role."""


def deciders(session: Session, user_ids: Iterable[UUID]) -> list[UUID]:
    """Those of the users who can decide, in the order given, each once."""
    wanted = list(dict.fromkeys(user_ids))
    found = set(session.scalars(select(org.OrgUser.id).where(org.OrgUser.id.in_(wanted), _decides(session))))
    return [user_id for user_id in wanted if user_id in found]


def powerless(session: Session, user_ids: Iterable[UUID]) -> list[UUID]:
    """Those of the users who cannot decide; one not heard of yet may."""
    return list(session.scalars(select(org.OrgUser.id).where(org.OrgUser.id.in_(user_ids), not_(_decides(session)))))


def some_cannot_decide(session: Session, user_ids: InstrumentedAttribute[list[UUID]]) -> ColumnElement[bool]:
    """SQL: whether ``powerless`` names one of the users in a column."""
    return exists().where(org.OrgUser.id == any_(user_ids), not_(_decides(session)))


def unit_of(session: Session, user_id: UUID) -> UUID | None:
    """Where a user works, None when this service has not heard of them."""
    return session.scalar(select(org.OrgUser.unit_id).where(org.OrgUser.id == user_id))


def managers_above(session: Session, unit_id: UUID) -> list[UUID]:
    """The managers of the unit and of the units above it who can decide, the nearest first, each once."""
    return deciders(session, org.managers_above(session, unit_id))


def with_role(session: Session, role: str, unit_id: UUID) -> list[UUID]:
    """Who holds a role in the unit's company, or else in the nearest company above it where somebody does."""
    tree = org.tree()
    companies = dict.fromkeys(tree.company(unit) for unit in tree.ancestors(unit_id))
    for company in companies:
        own_units = [unit for unit in tree.descendants(company) if tree.company(unit) == company]
        works_there = or_(
            org.OrgUser.unit_id.in_(own_units), org.OrgUser.unit_ids.has_any(array([str(unit) for unit in own_units]))
        )
        holders = (
            select(org.OrgUser.id)
            .where(works_there, _decides(session), org.OrgUser.roles.contains([role]))
            .order_by(org.OrgUser.id)
            .limit(MOST)
        )
        if found := list(session.scalars(holders)):
            return found
    return []


def administrators(session: Session, unit_id: UUID, *, but: Iterable[UUID]) -> list[UUID]:
    """Who answers for a company when nobody else does: its administrators, or else those of the group."""
    for role in (COMPANY_ADMINISTRATOR, GROUP_ADMINISTRATOR):
        if found := [each for each in with_role(session, role, unit_id) if each not in set(but)]:
            return found
    return []


def _decides(session: Session) -> ColumnElement[bool]:
    """Who is active and has a role that lets them decide, as every one does that this service has not heard of."""
    powerless = session.scalars(select(Role.key).where(not_(Role.approves))).all()
    return and_(org.OrgUser.active, not_(org.OrgUser.roles.contained_by(list(powerless))))
