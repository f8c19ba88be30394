"""The local copy of the company tree and the users, fed by the gateway's events, and the tree in memory.

Business rows carry ``unit_id`` only; what a subtree holds is read from ``org_closure``. Units may arrive in any
order: a unit whose parent is not there yet is linked when the parent comes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Index, String, cast, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .tables import ChassisBase

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

    from crm_contracts.envelope import Envelope

COMPANY_KINDS = ("group", "region", "subsidiary")
"""Kinds of unit that are a company of their own; departments and teams belong to the nearest one above."""

HOME_TIMEZONE = "Asia/Shanghai"
"""The time zone where nobody knows a nearer one."""

_FRESH_S = 1.0


class OrgUnit(ChassisBase):
    """A node of the company tree as this service knows it."""

    __tablename__ = "org_units"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    manager_id: Mapped[UUID | None]
    timezone: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    active: Mapped[bool]
    version: Mapped[int]
    tree_version: Mapped[int]


class OrgClosure(ChassisBase):
    """Every pair of a unit and a unit below it, itself included."""

    __tablename__ = "org_closure"
    __table_args__ = (Index("ix_org_closure_descendant", "descendant_id"),)

    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("org_units.id"), primary_key=True)


class OrgUser(ChassisBase):
    """A user as this service knows them."""

    __tablename__ = "org_users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), index=True)
    display_name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    mobile: Mapped[str | None] = mapped_column(String(40))
    unit_id: Mapped[UUID] = mapped_column(index=True)
    unit_ids: Mapped[list[str]] = mapped_column(JSONB, default=list)
    roles: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    manager_id: Mapped[UUID | None]
    locale: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool]
    version: Mapped[int]


@dataclass(frozen=True)
class Tree:
    """The company tree in memory: unit -> parent, with what follows from it."""

    version: tuple[int, int]
    parents: dict[UUID, UUID | None]
    kinds: dict[UUID, str]
    codes: dict[UUID, str]
    children: dict[UUID, list[UUID]] = field(default_factory=dict)
    timezones: dict[UUID, str] = field(default_factory=dict)

    def ancestors(self, unit_id: UUID) -> list[UUID]:
        """The unit itself, then its parents up to the root. A unit not known yet is its own only ancestor."""
        path, here = [unit_id], self.parents.get(unit_id)
        while here is not None and here not in path:
            path.append(here)
            here = self.parents.get(here)
        return path

    def descendants(self, unit_id: UUID) -> list[UUID]:
        """The unit itself and everything below it."""
        found = [unit_id]
        for unit in found:
            found.extend(self.children.get(unit, ()))
        return found

    def company(self, unit_id: UUID) -> UUID:
        """The nearest group, region or subsidiary at or above the unit."""
        path = self.ancestors(unit_id)
        return next((unit for unit in path if self.kinds.get(unit) in COMPANY_KINDS), path[-1])

    def timezone(self, unit_id: UUID) -> str:
        """The time zone (IANA name) a unit works in; the head office's for a unit not known yet."""
        return self.timezones.get(unit_id, HOME_TIMEZONE)

    def is_root(self, unit_id: UUID) -> bool:
        """Whether the unit is the group itself."""
        return unit_id in self.parents and self.parents[unit_id] is None


_EMPTY = Tree((0, 0), {}, {}, {})
_trees: dict[int, tuple[float, Tree]] = {}


def tree() -> Tree:
    """The current service's tree, at most a second behind its table."""
    from .database import system_transaction
    from .service import current_runtime

    key = id(current_runtime())
    checked, known = _trees.get(key, (0.0, _EMPTY))
    if time.monotonic() - checked < _FRESH_S:
        return known
    with system_transaction(separate=True) as session:
        version = _version(session)
        if version != known.version:
            known = _load(session, version)
    _trees[key] = (time.monotonic(), known)
    return known


def today(unit_id: UUID) -> date:
    """The current date where a unit works."""
    return clock.today(tree().timezone(unit_id))


def today_there(unit_id: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[date]:
    """SQL: the current date where the unit of a row works. The row's table may stand in any enclosing statement."""
    zone = select(OrgUnit.timezone).where(OrgUnit.id == unit_id).correlate_except(OrgUnit).scalar_subquery()
    now = literal(clock.now(), DateTime(timezone=True))
    return cast(func.timezone(func.coalesce(zone, HOME_TIMEZONE), now), Date)


def forget_tree() -> None:
    """Read the tree again at the next use (after this process changed it)."""
    _trees.clear()


def _version(session: Session) -> tuple[int, int]:
    count, newest = session.execute(select(func.count(), func.coalesce(func.sum(OrgUnit.version), 0))).one()
    return int(count), int(newest)


def _load(session: Session, version: tuple[int, int]) -> Tree:
    columns = (OrgUnit.id, OrgUnit.parent_id, OrgUnit.kind, OrgUnit.code, OrgUnit.timezone)
    rows = session.execute(select(*columns)).all()
    children: dict[UUID, list[UUID]] = {}
    for row in rows:
        if row.parent_id is not None:
            children.setdefault(row.parent_id, []).append(row.id)
    return Tree(
        version,
        {row.id: row.parent_id for row in rows},
        {row.id: row.kind for row in rows},
        {row.id: row.code for row in rows},
        children,
        {row.id: row.timezone for row in rows},
    )


_LINK = text("""
    INSERT INTO org_closure (ancestor_id, descendant_id)
    SELECT above.ancestor_id, below.descendant_id
    FROM org_closure above CROSS JOIN org_closure below
    WHERE above.descendant_id = :parent AND below.ancestor_id = :child
    ON CONFLICT DO NOTHING
""")
_UNLINK = text("""
    DELETE FROM org_closure
    WHERE descendant_id IN (SELECT descendant_id FROM org_closure WHERE ancestor_id = :unit)
      AND ancestor_id NOT IN (SELECT descendant_id FROM org_closure WHERE ancestor_id = :unit)
""")


def apply_unit(session: Session, unit: dict[str, Any], version: int) -> None:
    """Write a unit's state and keep the closure right. Older versions than the one known are ignored."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('org_closure'))"))
    unit_id = UUID(str(unit["id"]))
    known = session.get(OrgUnit, unit_id, populate_existing=True)
    if known is not None and known.version >= version:
        return
    parent = UUID(str(unit["parent_id"])) if unit["parent_id"] else None
    moved = known is None or known.parent_id != parent
    names = ("code", "name", "name_en", "kind", "manager_id", "timezone", "currency", "active", "tree_version")
    values = {name: unit[name] for name in names}
    if values["manager_id"]:
        values["manager_id"] = UUID(str(values["manager_id"]))
    session.merge(OrgUnit(id=unit_id, parent_id=parent, version=version, **values))
    session.flush()
    if not moved:
        return
    if known is None:
        session.execute(pg_insert(OrgClosure).values(ancestor_id=unit_id, descendant_id=unit_id))
        for child in session.scalars(select(OrgUnit.id).where(OrgUnit.parent_id == unit_id)).all():
            session.execute(_LINK, {"parent": unit_id, "child": child})
    else:
        session.execute(_UNLINK, {"unit": unit_id})
    if parent is not None:
        session.execute(_LINK, {"parent": parent, "child": unit_id})


def apply_user(session: Session, user: dict[str, Any], version: int) -> None:
    """Write a user's state. Older versions than the one known are ignored."""
    names = ("username", "display_name", "email", "mobile", "unit_ids", "roles", "locale", "active")
    values = {name: user[name] for name in names} | {
        "id": UUID(str(user["id"])),
        "unit_id": UUID(str(user["unit_id"])),
        "unit_ids": [str(unit) for unit in user["unit_ids"]],
        "manager_id": UUID(str(user["manager_id"])) if user["manager_id"] else None,
        "version": version,
    }
    statement = pg_insert(OrgUser).values(**values)
    changed = {name: statement.excluded[name] for name in values if name != "id"}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_=changed, where=OrgUser.version < statement.excluded.version
        )
    )


def users(session: Session, ids: Iterable[UUID]) -> dict[UUID, OrgUser]:
    """The users with these ids that this service knows."""
    wanted = set(ids)
    return {user.id: user for user in session.scalars(select(OrgUser).where(OrgUser.id.in_(wanted)))} if wanted else {}


def units_above(user_id: UUID) -> Any:
    """A subquery of every unit that a user works in, and of those above."""
    works_in = or_(
        OrgClosure.descendant_id == OrgUser.unit_id,
        OrgUser.unit_ids.contains(func.to_jsonb(cast(OrgClosure.descendant_id, String))),
    )
    return select(OrgClosure.ancestor_id).join(OrgUser, works_in).where(OrgUser.id == user_id)


def managers_above(session: Session, unit_id: UUID) -> list[UUID]:
    """The managers of the unit and of those above it, the nearest first; one of several units in a row counts once.

    One who was deactivated is passed over; one whose own event has not come yet is not.
    """
    path = tree().ancestors(unit_id)
    there = select(OrgUnit.id, OrgUnit.manager_id).outerjoin(OrgUser, OrgUser.id == OrgUnit.manager_id)
    rows = session.execute(there.where(OrgUnit.id.in_(path), OrgUser.active.is_not(False)))
    managers = {row.id: row.manager_id for row in rows}
    return [manager for manager, _ in groupby(managers[unit] for unit in path if managers.get(unit))]


def manager_of(session: Session, unit_id: UUID, levels: int = 1) -> UUID | None:
    """The manager of the nearest unit at or above ``unit_id`` that has one; ``levels`` > 1 climbs further."""
    return next(reversed(managers_above(session, unit_id)[:levels]), None)


def _on_unit(session: Session, envelope: Envelope) -> None:
    apply_unit(session, envelope.data, envelope.aggregateversion)


def _on_user(session: Session, envelope: Envelope) -> None:
    apply_user(session, envelope.data, envelope.aggregateversion)


HANDLERS = {
    **{f"crm.gateway.org-unit.{fact}.v1": _on_unit for fact in ("created", "changed", "moved", "closed")},
    **{f"crm.gateway.user.{fact}.v1": _on_user for fact in ("created", "changed", "deactivated")},
}
"""What every service adds to its handlers to keep this copy."""
