"""How far a caller's grant reaches, as a predicate on the columns of a read model.

The read models carry no row-level security: search would be a hundred times slower under it. This is their one fence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, false, or_, true

from crm_chassis import org
from crm_chassis.identity import Grant, Principal
from crm_chassis.scope import units_below


def predicate(grant: Grant | None, *, unit: Any, mine: ColumnElement[bool]) -> ColumnElement[bool]:
    """The rows a grant reaches; none without a grant. mine: what scope ``self`` means for these rows."""
    if grant is None:
        return false()
    if grant.everything or any(org.tree().is_root(root) for root in grant.subtrees):
        return true()
    found: list[ColumnElement[bool]] = []
    if grant.units:
        found.append(unit.in_(sorted(grant.units)))
    if grant.subtrees:
        found.append(units_below(grant.subtrees, unit))
    if grant.own:
        found.append(mine)
    return or_(*found) if found else false()


def closed(access: Mapping[str, str]) -> set[str]:
    """The fields whose values the caller may not learn."""
    return {name for name, how in access.items() if how in {"hidden", "masked"}}


def may_learn(principal: Principal, field: str) -> bool:
    """Whether the caller's roles leave a field, written ``order.total``, open."""
    resource, _, name = field.partition(".")
    return name not in closed(principal.access(resource))


def may_read(principal: Principal, resource: str, *fields: str) -> bool:
    """Whether the caller reads records of the resource, and these fields of them."""
    return principal.may(f"{resource}:read") and closed(principal.access(resource)).isdisjoint(fields)
