"""What a user may do: the union of their roles over their units, kept in memory while its generation holds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from uuid import UUID

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import identity, org
from crm_chassis.database import system_transaction
from crm_chassis.identity import Grant, Principal
from crm_contracts.permissions import RESOURCES

from ..freshness import IdentityState
from ..roles import queries as roles
from ..roles import rules
from .models import User

KNOWN_FOR_S = 50
"""Shorter than the life of the tokens made from it."""

_KNOWN_MAX = 5_000


@dataclass(slots=True)
class Known:
    """A principal, until when it is believed, and its signed tokens by service."""

    principal: Principal
    generation: str
    until: float
    tokens: dict[str, str] = field(default_factory=dict)


class Principals:
    """The principals one process knows, by user and API key."""

    def __init__(self, private_key: OKPKey | None) -> None:
        self._known: dict[tuple[UUID, frozenset[str] | None], Known] = {}
        self._private_key = private_key
        self._generation = ""

    def of(self, user_id: UUID, scopes: frozenset[str] | None, generation: str) -> Known | None:
        """The principal of a user within an API key's scopes (None: all of theirs); None for a user who is gone.

        Recomputed every 50 seconds and whenever the generation changed.
        """
        found = self._known.get((user_id, scopes))
        if found and found.generation == generation and found.until > time.monotonic():
            return found
        if generation != self._generation:
            org.forget_tree()
            self._known.clear()
            self._generation = generation
        with system_transaction() as session:
            principal = principal_of(session, user_id)
        if principal is None:
            return None
        if scopes is not None:
            principal = narrowed(principal, scopes)
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        found = Known(principal, generation, time.monotonic() + KNOWN_FOR_S)
        self._known[(user_id, scopes)] = found
        return found

    def token(self, known: Known, service: str) -> str:
        """The internal token of a principal for a service, signed once in its life."""
        token = known.tokens.get(service)
        if token is None:
            if self._private_key is None:
                raise RuntimeError("the gateway has no IDENTITY_PRIVATE_KEY and can vouch for nobody")
            # Its minute starts now; the principal's 50 seconds started before, so the token outlives its use here.
            token = identity.sign(for_service(known.principal, service), service, self._private_key)
            known.tokens[service] = token
        return token


def principal_of(session: Session, user_id: UUID) -> Principal | None:
    """Compute what an active user may do; None when there is no such user."""
    user = session.get(User, user_id)
    if user is None or not user.active:
        return None
    tree, held = org.tree(), roles.by_ids(session, user.role_ids)
    reaches = rules.reaches([role.grants for role in held], user.all_units, tree)
    return Principal(
        user_id=user.id,
        username=user.username,
        unit_id=user.unit_id,
        company_id=tree.company(user.unit_id),
        grants={name: Grant(far.everything, far.own, far.units, far.subtrees) for name, far in reaches.items()},
        fields=rules.closed_fields([(role.grants, role.fields) for role in held]),
        locale=user.locale,
        tree_version=session.scalar(select(IdentityState.tree_version)) or 0,
    )


def narrowed(principal: Principal, scopes: frozenset[str]) -> Principal:
    """The same caller with these permissions only."""
    return replace(principal, grants={name: grant for name, grant in principal.grants.items() if name in scopes})


def for_service(principal: Principal, service: str) -> Principal:
    """What one service needs to know of a caller: its own permissions, and what the caller may read anywhere.

    Search, reports, reminders and the customer's timeline show other services' records, so they need the latter.
    """
    grants = {
        name: grant
        for name, grant in principal.grants.items()
        if name.endswith(":read") or RESOURCES[name.partition(":")[0]].service == service
    }
    return replace(principal, grants=grants)
