"""Scope: which rows a caller sees. One function compiles a grant into a predicate; the session applies it by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from . import org

if TYPE_CHECKING:
    from uuid import UUID

    from .database import Scoped
    from .identity import Grant, Principal

SMALL_SUBTREE = 200
"""Up to this many units a subtree is written into the query; beyond, the closure table is asked. Measured on a million
rows: the array wins for a company (0.2-1.3 ms), the subquery for a region (0.3-3 ms); an array of all units costs 4 ms."""

FENCED_UNITS = (
    "SELECT c.descendant_id FROM org_closure c WHERE c.ancestor_id = ANY ("
    "string_to_array(NULLIF(NULLIF(current_setting('crm.units', true), ''), '*'), ',')::uuid[])"
)
"""SQL: the units at and below the roots that ``Principal.fence`` set for this transaction."""


class ScopeMissing(RuntimeError):
    """A query on scoped rows was made without saying whose scope it has: open a ``transaction()``."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session sees. ``principal`` None is the system itself: every row."""

    principal: Principal | None

    @property
    def fence(self) -> str:
        """The roots for row-level security, ``*`` for all."""
        return self.principal.fence if self.principal else "*"

    @property
    def user(self) -> str:
        """The user's id for row-level security, empty for the system."""
        return str(self.principal.user_id) if self.principal else ""


SYSTEM = Scope(None)


def units_below(roots: frozenset[UUID], column: Any) -> ColumnElement[bool]:
    """A predicate that the column's unit lies in one of the subtrees, in the form that is fast for their size."""
    tree = org.tree()
    units = {unit for root in roots for unit in tree.descendants(root)}
    if len(units) <= SMALL_SUBTREE:
        return column.in_(sorted(units))
    below = select(org.OrgClosure.descendant_id).where(org.OrgClosure.ancestor_id.in_(sorted(roots)))
    return column.in_(below)


def predicate(model: type[Scoped], principal: Principal, action: str = "read") -> ColumnElement[bool] | None:
    """The rows of ``model`` that the caller's grant of ``<resource>:<action>`` reaches; None means all of them."""
    key = (model, action, org.tree().version)
    cache = principal.scope_cache
    if key not in cache:
        cache[key] = _compile(model, principal, f"{model.__resource__}:{action}")
    return cache[key]


def _compile(model: type[Scoped], principal: Principal, permission: str) -> ColumnElement[bool] | None:
    grant = principal.grants.get(permission)
    if grant is None:
        return false()
    if model.__private__:
        return model.owned_by(principal)
    if grant.everything or any(org.tree().is_root(root) for root in grant.subtrees):
        return None
    found = _in_units(grant, model.unit_id)
    if grant.own or model.__always_own__:
        found.append(model.owned_by(principal))
    return or_(*found) if found else false()


def units_reached(principal: Principal, permission: str, column: Any) -> ColumnElement[bool]:
    """A predicate that the column's unit is one the caller's permission reaches, as ``Principal.reaches_unit`` says."""
    grant = principal.grants.get(permission)
    if grant is None:
        return false()
    if grant.everything:
        return true()
    found = _in_units(grant, column)
    if grant.own:
        found.append(column == principal.unit_id)
    return or_(*found) if found else false()


def _in_units(grant: Grant, column: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if grant.units:
        found.append(column.in_(sorted(grant.units)))
    if grant.subtrees:
        found.append(units_below(grant.subtrees, column))
    return found


def in_company_pool(model: type[Any], principal: Principal) -> ColumnElement[bool]:
    """Rows nobody owns in the caller's company: the public pool."""
    return and_(model.owner_id.is_(None), units_below(frozenset({principal.company_id}), model.unit_id))


def apply(state: ORMExecuteState) -> None:
    """Session hook: add the caller's predicate, and hide soft-deleted rows, in every ORM statement."""
    from .database import Scoped, SoftDeleted

    if not state.is_orm_statement or state.is_column_load or state.is_relationship_load:
        return
    scope: Scope | None = state.session.info.get("scope")
    if scope is None:
        if any(issubclass(mapper.class_, Scoped) for mapper in state.all_mappers):
            raise ScopeMissing("this session has no scope; use transaction() or system_transaction()")
        return
    options = []
    if not state.execution_options.get("with_deleted"):
        options.append(_alive(SoftDeleted))
    if scope.principal is not None:
        options.extend(_options(state.session, scope.principal))
    if options:
        state.statement = state.statement.options(*options)


@cache
def _alive(base: type[Any]) -> Any:
    return with_loader_criteria(base, lambda cls: cls.deleted_at.is_(None), include_aliases=True)


def _options(session: Session, principal: Principal) -> list[Any]:
    models = session.info["scoped_models"]
    key = (models, org.tree().version)
    cache = principal.scope_cache
    if key not in cache:
        compiled = [(model, predicate(model, principal)) for model in models]
        cache[key] = [
            with_loader_criteria(model, criterion, include_aliases=True)
            for model, criterion in compiled
            if criterion is not None
        ]
    return cache[key]
