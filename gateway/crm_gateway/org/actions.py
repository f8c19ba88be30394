"""Changing the company tree. Every change is written to the tree's copy here and announced to every service."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crm_chassis import errors, ids, org, outbox
from crm_chassis.database import everything, system_transaction
from crm_chassis.identity import current_principal, principal_or_none
from crm_chassis.language import say

from .. import freshness
from ..audit.actions import record as write_audit
from ..identity import queries as users
from . import rules
from .models import Unit


def create(session: Session, values: dict[str, Any]) -> Unit:
    """Add a unit below its parent. Raises Invalid for a parent that is closed or out of reach, or a second root."""
    lock_tree(session)
    parent = _parent(session, values.get("parent_id"), "org_unit:create")
    _refuse_misplaced(values["kind"], parent)
    unit_id = ids.uuid7()
    unit = Unit(**{**values, "id": unit_id, "unit_id": unit_id, "version": 1, "active": True})
    _check_manager(session, unit)
    unit.tree_version = freshness.next_tree_version(session)
    unit.timezone, unit.currency = unit.timezone or parent.timezone, unit.currency or parent.currency
    unit.cell_id = parent.cell_id
    # The copy first: row-level security asks its closure whether the new row is the caller's.
    org.apply_unit(session, document(unit), 1)
    session.add(unit)
    _publish(session, unit, "created")
    return unit


def plant_root(session: Session, *, code: str, name: str, name_en: str) -> Unit:
    """Write the group's own unit, the top of the tree."""
    unit_id = ids.uuid7()
    unit = Unit(id=unit_id, unit_id=unit_id, version=1, code=code, name=name, name_en=name_en, kind="group")
    unit.timezone, unit.currency, unit.active, unit.cell_id = "Asia/Shanghai", "CNY", True, "main"
    unit.tree_version = freshness.next_tree_version(session)
    org.apply_unit(session, document(unit), 1)
    session.add(unit)
    _publish(session, unit, "created")
    return unit


def update(session: Session, unit: Unit, values: dict[str, Any]) -> None:
    """Change a unit's own fields. Raises Invalid when the parent is among them: that is what ``move`` is for."""
    if values.pop("parent_id", unit.parent_id) != unit.parent_id:
        raise errors.field_error("/parent_id", "fixed", say("Use the verb `move` to put a unit elsewhere."))
    values.pop("unit_id", None)
    if values.get("kind", unit.kind) != unit.kind:
        _refuse_kind(session, unit, values["kind"])
    for name, value in values.items():
        setattr(unit, name, value)
    _check_manager(session, unit)
    if session.is_modified(unit):
        _republish(session, unit, "changed")


def move(session: Session, unit: Unit, *, parent_id: UUID) -> Unit:
    """Hang a unit with everything below it under another parent.

    The caller holds ``lock_tree``. Raises StateConflict for the root and for a parent inside the moved subtree,
    Invalid for a parent that is closed or out of the caller's reach.
    """
    if unit.parent_id is None:
        raise errors.StateConflict(say("The top of the tree cannot be moved."))
    parent = _parent(session, parent_id, "org_unit:update")
    if _is_below(session, parent_id, unit.id):
        raise errors.StateConflict(say("A unit cannot be moved below itself."), code="cycle")
    _refuse_misplaced(unit.kind, parent)
    before = unit.parent_id
    unit.parent_id = parent_id
    _republish(session, unit, "moved", **{"from": before, "to": parent_id})
    return unit


def close(session: Session, unit: Unit) -> Unit:
    """Close a unit. Raises StateConflict while it has open units below or active users."""
    if not unit.active:
        raise errors.StateConflict(say("This unit is closed already."))
    if unit.parent_id is None:
        raise errors.StateConflict(say("The top of the tree cannot be closed."))
    with everything(session):
        below = select(func.count()).select_from(Unit).where(Unit.parent_id == unit.id, Unit.active)
        if session.scalar(below):
            raise errors.StateConflict(say("Close or move the units below first."), code="has_units")
        if users.active_in(session, unit.id):
            raise errors.StateConflict(say("Move or deactivate the users of this unit first."), code="has_users")
    unit.active = False
    _republish(session, unit, "closed")
    return unit


def reopen(session: Session, unit: Unit) -> Unit:
    """Open a closed unit again. Raises StateConflict when it is open, or its parent is closed."""
    if unit.active:
        raise errors.StateConflict(say("This unit is open."))
    with everything(session):
        parent = session.get_one(Unit, unit.parent_id)
        if not parent.active:
            raise errors.StateConflict(say("Open the unit above first."))
    unit.active = True
    _republish(session, unit, "changed")
    return unit


def document(unit: Unit) -> dict[str, Any]:
    """The unit's full state as its events carry it."""
    names = ("id", "version", "unit_id", "code", "name", "name_en", "kind", "parent_id", "manager_id", "cell_id")
    more = ("timezone", "currency", "active", "tree_version")
    return {name: getattr(unit, name) for name in (*names, *more)}


def path_names(unit: Unit) -> list[str]:
    """The names from the top of the tree down to the unit."""
    above = org.tree().ancestors(unit.parent_id) if unit.parent_id else []
    names = _names()
    return [*(names[ancestor] for ancestor in reversed(above) if ancestor in names), unit.name]


_known: tuple[org.Tree | None, dict[UUID, str]] = (None, {})


def _names() -> dict[UUID, str]:
    """Unit -> name, read once for each state of the tree."""
    global _known  # noqa: PLW0603  one process, one tree
    tree = org.tree()
    if _known[0] is not tree:
        with system_transaction(separate=True) as session:
            _known = (tree, dict(session.execute(select(org.OrgUnit.id, org.OrgUnit.name)).all()))
    return _known[1]


def _republish(session: Session, unit: Unit, fact: str, **detail: Any) -> None:
    # One flush, one new version: counting must not write the unit's other changes first.
    with session.no_autoflush:
        unit.tree_version = freshness.next_tree_version(session)
    session.flush()
    org.apply_unit(session, document(unit), unit.version)
    _publish(session, unit, fact, **detail)


def _publish(session: Session, unit: Unit, fact: str, **detail: Any) -> None:
    session.flush()
    caller = principal_or_none()
    outbox.record(
        session,
        f"crm.gateway.org-unit.{fact}.v1",
        unit.id,
        document(unit),
        version=unit.version,
        unit_id=unit.id,
        actor_id=caller.user_id if caller else None,
    )
    write_audit(
        session,
        f"org_unit.{fact}",
        unit_id=unit.id,
        subject_type="org_unit",
        subject_id=unit.id,
        subject_name=unit.name,
        **detail,
    )


def lock_tree(session: Session) -> None:
    """Let nobody else change the tree until the transaction ends; to be taken before any unit is locked."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('company tree'))"))


def _parent(session: Session, parent_id: UUID | None, permission: str) -> Unit:
    if parent_id is None:
        raise errors.field_error("/parent_id", "required", say("Name the unit above; there is one top of the tree."))
    parent = session.scalar(select(Unit).where(Unit.id == parent_id).with_for_update())
    if parent is None or not current_principal().reaches_unit(permission, parent_id):
        raise errors.field_error("/parent_id", "out_of_scope", say("Choose a unit that your roles reach."))
    if not parent.active:
        raise errors.field_error("/parent_id", "closed", say("This unit is closed."))
    return parent


def _refuse_misplaced(kind: str, parent: Unit | None) -> None:
    reason = rules.misplaced(kind, parent.kind if parent else None)
    if reason:
        raise errors.field_error("/kind", "misplaced", reason)


def _refuse_kind(session: Session, unit: Unit, kind: str) -> None:
    """Raises Invalid when a unit of the new kind may not be where the unit is, or hold what lies below it."""
    with everything(session):
        _refuse_misplaced(kind, session.get(Unit, unit.parent_id) if unit.parent_id else None)
        for below in session.scalars(select(Unit.kind).where(Unit.parent_id == unit.id).distinct()):
            if rules.misplaced(below, kind):
                raise errors.field_error("/kind", "misplaced", say("Companies below this unit forbid that kind."))


def _check_manager(session: Session, unit: Unit) -> None:
    if unit.manager_id is None:
        return
    with session.no_autoflush:
        found = org.users(session, [unit.manager_id])
    if unit.manager_id not in found:
        raise errors.field_error("/manager_id", "unknown", say("There is no such user."))


def _is_below(session: Session, unit_id: UUID, root_id: UUID) -> bool:
    """Asked of the database, not of the tree in memory: this transaction holds the tree's lock."""
    pair = select(org.OrgClosure).where(org.OrgClosure.ancestor_id == root_id, org.OrgClosure.descendant_id == unit_id)
    return session.scalar(select(pair.exists())) or False
