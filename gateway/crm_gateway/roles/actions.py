"""Creating and changing roles, and refusing whatever would give away more than the caller has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_chassis import errors, org, outbox
from crm_chassis.http import plain
from crm_chassis.identity import Principal, current_principal, principal_or_none
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from .. import freshness
from ..audit.actions import record as write_audit
from . import rules
from .models import Role

ADMINISTRATOR = "group_admin"
"""The key of the role that may do everything."""


def create(session: Session, values: dict[str, Any]) -> Role:
    """Add a role. Raises Forbidden when it would grant more than the caller holds."""
    role = Role(**{**values, "grants": plain(values.get("grants", [])), "fields": plain(values.get("fields", []))})
    refuse_beyond(current_principal(), [role.grants], frozenset({role.unit_id}))
    session.add(role)
    _publish(session, role, "created")
    return role


def update(session: Session, role: Role, values: dict[str, Any]) -> None:
    """Change a role. Raises Forbidden when it grants, before or after, more than the caller holds."""
    caller = current_principal()
    refuse_beyond(caller, [role.grants], frozenset({role.unit_id}))
    if role.key == ADMINISTRATOR and not {"grants", "fields"}.isdisjoint(values):
        raise errors.StateConflict(
            say("The group administrator's role stays whole, so that nobody can lock everybody out.")
        )
    if values.get("key", role.key) != role.key:
        raise errors.field_error("/key", "fixed", say("The key of a role is what other services know it by."))
    for name, value in values.items():
        setattr(role, name, plain(value) if name in {"grants", "fields"} else value)
    refuse_beyond(caller, [role.grants], frozenset({role.unit_id}))
    if session.is_modified(role):
        _publish(session, role, "changed")


def remove(session: Session, role: Role) -> None:
    """Let a role go. Raises StateConflict for ready-made roles and while users hold it, Forbidden beyond own reach."""
    if role.built_in:
        raise errors.StateConflict(say("Ready-made roles stay; change what they grant, or stop giving them."))
    refuse_beyond(current_principal(), [role.grants], frozenset({role.unit_id}))
    held = select(func.count()).select_from(org.OrgUser).where(org.OrgUser.roles.contains([role.key]))
    holders = session.scalar(held.where(org.OrgUser.active))
    if holders:
        raise errors.StateConflict(
            say("{holders} users hold this role; take it from them first.", holders=holders), code="role_in_use"
        )
    _publish(session, role, "deleted")


def refuse_beyond(caller: Principal, grants: Iterable[Iterable[dict[str, Any]]], units: frozenset[UUID]) -> None:
    """Raises Forbidden when grants, held by a user of these units, reach further than the caller's own."""
    tree = org.tree()
    missing = rules.beyond(rules.reaches(grants, units, tree), held_by(caller), tree)
    if missing:
        named = [permission_label(each) for each in missing[:5]]
        raise errors.Forbidden(
            say("This would go beyond your own reach: {permissions}.", permissions=named), code="beyond_reach"
        )


def held_by(principal: Principal) -> dict[str, rules.Reach]:
    """The caller's grants in the form the rules compare."""
    return {
        name: rules.Reach(grant.everything, grant.own, grant.units, grant.subtrees)
        for name, grant in principal.grants.items()
    }


def _publish(session: Session, role: Role, fact: str) -> None:
    """Every change of a role is one kind of event: who holds copies of permissions asks no further."""
    session.flush()
    freshness.changed(session)
    caller = principal_or_none()
    payload = {"id": role.id, "version": role.version, "unit_id": role.unit_id, "key": role.key, "name": role.name}
    payload |= {"name_en": role.name_en, "grants": role.grants, "fields": role.fields, "active": fact != "deleted"}
    outbox.record(
        session,
        "crm.gateway.role.changed.v1",
        role.id,
        payload,
        version=role.version if fact != "deleted" else role.version + 1,
        unit_id=role.unit_id,
        actor_id=caller.user_id if caller else None,
    )
    write_audit(
        session,
        f"role.{fact}",
        unit_id=role.unit_id,
        subject_type="role",
        subject_id=role.id,
        subject_name=role.name,
        key=role.key,
        grants=len(role.grants),
    )
