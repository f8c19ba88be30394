"""Checks on users against the local copy of them."""

from __future__ import annotations

from uuid import UUID

from crm_chassis import org
from crm_chassis.identity import current_principal


def may_be_for(user: org.OrgUser | None, unit_id: UUID, permission: str, *, known_id: UUID | None) -> bool:
    """Whether the caller may make a document of the unit for an active user.

    That is the caller, whoever it was for before (known_id), or somebody who works in the unit's company or in a unit
    that the caller's grant of the permission reaches.
    """
    if user is None or not user.active:
        return False
    tree, principal = org.tree(), current_principal()
    return user.id in {known_id, principal.user_id} or any(
        tree.company(unit) == tree.company(unit_id) or principal.reaches_unit(permission, unit)
        for unit in {user.unit_id, *map(UUID, user.unit_ids)}
    )
