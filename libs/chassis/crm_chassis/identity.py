"""Who is calling, and what they may do.

The gateway signs a short-lived token (JWT, Ed25519 of RFC 9864) for each caller and service; a service believes nothing
else. ``Principal`` is that token read back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from crm_contracts.permissions import permission_label

from . import language, org
from .errors import Forbidden, Unauthenticated
from .language import say

HEADER = "X-Banyan-Identity"
"""The header that carries the internal token; the gateway removes it from whatever comes from outside."""

TOKEN_LIFE_S = 60

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Grant:
    """How far one permission reaches: the union of what the caller's roles give."""

    everything: bool = False
    own: bool = False
    units: frozenset[UUID] = frozenset()
    subtrees: frozenset[UUID] = frozenset()

    def to_claim(self) -> Any:
        """The compact form inside the token."""
        if self.everything:
            return 1
        claim: dict[str, Any] = {}
        if self.own:
            claim["o"] = 1
        if self.units:
            claim["u"] = [str(unit) for unit in sorted(self.units)]
        if self.subtrees:
            claim["t"] = [str(unit) for unit in sorted(self.subtrees)]
        return claim

    @classmethod
    def from_claim(cls, claim: Any) -> Grant:
        """Read the compact form."""
        if claim == 1:
            return cls(everything=True)
        return cls(
            own=bool(claim.get("o")),
            units=frozenset(map(UUID, claim.get("u", ()))),
            subtrees=frozenset(map(UUID, claim.get("t", ()))),
        )

    def __or__(self, other: Grant) -> Grant:
        """Both together: roles widen."""
        return Grant(
            self.everything or other.everything,
            self.own or other.own,
            self.units | other.units,
            self.subtrees | other.subtrees,
        )


@dataclass(frozen=True)
class Principal:
    """The caller. ``grants``: permission -> Grant, absent = denied. ``fields``: resource -> field -> access.

    Access is ``hidden``, ``masked`` or ``readonly``. ``company_id``: the nearest subsidiary above the caller's unit.
    """

    user_id: UUID
    username: str
    unit_id: UUID
    company_id: UUID
    grants: Mapping[str, Grant] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    locale: str = "zh-CN"
    tree_version: int = 0

    def may(self, permission: str) -> bool:
        """Whether the caller holds the permission at all, with whatever scope."""
        return permission in self.grants

    def covers(self, permission: str, record: Any) -> bool:
        """Whether the caller's grant of the permission reaches this record (a model with ``unit_id``)."""
        grant = self.grants.get(permission)
        if grant is None:
            return False
        if record.__private__:
            return bool(record.open_to(self, permission))
        if grant.everything or ((grant.own or record.__always_own__) and record.belongs_to(self)):
            return True
        if record.unit_id in grant.units:
            return True
        return bool(grant.subtrees) and not grant.subtrees.isdisjoint(org.tree().ancestors(record.unit_id))

    def reaches_unit(self, permission: str, unit_id: UUID) -> bool:
        """Whether the caller's grant of the permission allows placing a record in the unit."""
        grant = self.grants.get(permission)
        if grant is None:
            return False
        if grant.everything or unit_id in grant.units or (grant.own and unit_id == self.unit_id):
            return True
        return not grant.subtrees.isdisjoint(org.tree().ancestors(unit_id))

    def access(self, resource: str) -> Mapping[str, str]:
        """Field -> ``hidden``, ``masked`` or ``readonly`` for one resource; a field not named is open."""
        return self.fields.get(resource, {})

    @cached_property
    def fence(self) -> str:
        """The units below which any row this caller may see lies, for row-level security: ``*`` or ids by comma."""
        if any(grant.everything for grant in self.grants.values()):
            return "*"
        roots = {self.company_id}
        for grant in self.grants.values():
            roots |= grant.units | grant.subtrees
        return ",".join(sorted(map(str, roots)))

    @cached_property
    def scope_cache(self) -> dict[Any, Any]:
        """Predicates compiled for this caller, kept as long as the principal is."""
        return {}


def _packed(grants: Mapping[str, Grant]) -> list[list[Any]]:
    """The grants with each scope written once: ``[[scope, {resource: "read create"}], …]``.

    A caller with every permission in many companies must still fit into a header.
    """
    found: dict[Grant, dict[str, list[str]]] = {}
    for permission, grant in grants.items():
        resource, _, action = permission.partition(":")
        found.setdefault(grant, {}).setdefault(resource, []).append(action)
    return [
        [grant.to_claim(), {resource: " ".join(actions) for resource, actions in by_resource.items()}]
        for grant, by_resource in found.items()
    ]


def _unpacked(claims: list[list[Any]]) -> dict[str, Grant]:
    return {
        f"{resource}:{action}": grant
        for claim, by_resource in claims
        for grant in (Grant.from_claim(claim),)
        for resource, actions in by_resource.items()
        for action in actions.split()
    }


def claims_of(principal: Principal) -> dict[str, Any]:
    """The caller as JSON: the content of a token, and what a background job keeps of who asked for it."""
    return {
        "sub": str(principal.user_id),
        "name": principal.username,
        "unit": str(principal.unit_id),
        "company": str(principal.company_id),
        "locale": principal.locale,
        "tree": principal.tree_version,
        "grants": _packed(principal.grants),
        "fields": {resource: dict(access) for resource, access in principal.fields.items()},
    }


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """The caller read back from ``claims_of``."""
    return Principal(
        user_id=UUID(claims["sub"]),
        username=claims["name"],
        unit_id=UUID(claims["unit"]),
        company_id=UUID(claims["company"]),
        grants=_unpacked(claims["grants"]),
        fields=claims["fields"],
        locale=claims["locale"],
        tree_version=claims["tree"],
    )


def sign(principal: Principal, audience: str, private_key: OKPKey) -> str:
    """The internal token for one service, valid ``TOKEN_LIFE_S`` seconds from now."""
    issued = int(time.time())
    claims = {**claims_of(principal), "aud": audience, "iat": issued, "exp": issued + TOKEN_LIFE_S}
    return jwt.encode({"alg": "Ed25519"}, claims, private_key, algorithms=["Ed25519"])


_verified: dict[str, tuple[float, Principal]] = {}
_VERIFIED_MAX = 4096


def verify(token: str, audience: str, public_key: OKPKey) -> Principal:
    """Read an internal token. Raises Unauthenticated when it is missing, wrong, for somebody else or expired.

    A token that was found good is remembered until it expires, so a caller's requests share one Principal.
    """
    key = f"{audience} {token}"
    known = _verified.get(key)
    if known and known[0] > time.time():
        return known[1]
    try:
        claims = jwt.decode(token, public_key, algorithms=["Ed25519"]).claims
    except (JoseError, ValueError) as error:
        raise Unauthenticated(say("The request did not come through the gateway.")) from error
    if claims.get("aud") != audience or claims.get("exp", 0) <= time.time():
        raise Unauthenticated(say("The identity is for another service or has expired."))
    principal = principal_of(claims)
    if len(_verified) >= _VERIFIED_MAX:
        _verified.clear()
    _verified[key] = (float(claims["exp"]), principal)
    return principal


def read_key(text: str) -> OKPKey:
    """An Ed25519 key from PEM; line ends may be escaped, so that it fits an environment variable."""
    return OKPKey.import_key(text.replace("\\n", "\n").encode())


_principal: ContextVar[Principal | None] = ContextVar("crm_principal", default=None)


def current_principal() -> Principal:
    """The caller of the request being answered. Raises Unauthenticated outside of one."""
    principal = _principal.get()
    if principal is None:
        raise Unauthenticated
    return principal


def principal_or_none() -> Principal | None:
    """The caller, or None in a job, a consumer or a public route."""
    return _principal.get()


def set_principal(principal: Principal | None) -> None:
    """Name the caller of the work that starts now; it is done in the caller's language unless a request asks for another."""
    _principal.set(principal)
    language.prefer(principal.locale if principal else None)


def requires(permission: str, *, idempotency_key: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a route with the permission it needs, and refuse callers without it (403).

    permission: ``resource:action``, or ``public`` (nobody signed in), ``signed-in`` (anybody), ``internal`` (other
    services). idempotency_key: the route refuses calls without an Idempotency-Key (400). The record's own scope is
    checked where it is loaded.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if permission == "signed-in":
                current_principal()
            elif permission not in {"public", "internal"} and not current_principal().may(permission):
                raise Forbidden(
                    say(
                        "Your roles do not include {permission}. Ask your administrator for it.",
                        permission=permission_label(permission),
                    )
                )
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.needs_key = idempotency_key  # type: ignore[attr-defined]
        return guarded

    return mark
