"""Reading customers: visible ones for child records, duplicates across companies, ancestors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crm_chassis import custom_fields, errors, org
from crm_chassis.database import everything
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from . import rules
from .models import Customer, Ownership

MATCHES_MAX = 20
OWNERSHIPS_MAX = 200


@dataclass(frozen=True)
class Match:
    """A customer that resembles a candidate. customer is None when the caller may not see it."""

    customer: Customer | None
    by: frozenset[str]
    same_company: bool
    strong: bool


_SHARING = text("""
    SELECT k.customer_id, k.kind
    FROM unnest(CAST(:kinds AS text[]), CAST(:texts AS text[])) AS wanted(kind, value)
    JOIN customer_keys k ON k.kind = wanted.kind AND k.value = wanted.value
    ORDER BY k.customer_id LIMIT :most
""")


def matches(
    session: Session, keys: Iterable[tuple[str, str]], *, unit_id: UUID, except_id: UUID | None = None
) -> list[Match]:
    """The customers of the whole group that share a key, strong ones first; 20 at most.

    keys: at least one. Those outside the session's scope are found too, but without the customer itself.
    """
    kinds, texts = zip(*sorted(keys), strict=True)
    rows = session.execute(_SHARING, {"kinds": list(kinds), "texts": list(texts), "most": MATCHES_MAX * 5})
    hits: dict[UUID, set[str]] = {}
    for customer_id, kind in rows:
        if customer_id != except_id:
            hits.setdefault(customer_id, set()).add(kind)
    if not hits:
        return []
    visible = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(hits)))}
    with everything(session):
        units = session.execute(select(Customer.id, Customer.unit_id).where(Customer.id.in_(hits))).all()
    company = org.tree().company(unit_id)
    made = [_match(visible.get(row.id), hits[row.id], org.tree().company(row.unit_id) == company) for row in units]
    return sorted(made, key=lambda match: not match.strong)[:MATCHES_MAX]


def _match(customer: Customer | None, by: set[str], same_company: bool) -> Match:
    return Match(customer, frozenset(by), same_company, rules.is_strong(by, same_company=same_company))


def for_child(session: Session, customer_id: UUID, permission: str) -> Customer:
    """The customer a child record is to be put under.

    Raises Invalid at ``/customer_id`` when the caller does not see it, Forbidden when the permission does not reach it.
    """
    customer = session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is None:
        raise errors.field_error("/customer_id", "unknown", say("There is no such customer for you."))
    principal = current_principal()
    if not (principal.reaches_unit(permission, customer.unit_id) or principal.covers(permission, customer)):
        raise errors.Forbidden(
            say("{permission} of your roles does not reach this customer.", permission=permission_label(permission))
        )
    return customer


def is_visible(session: Session, customer_id: UUID) -> bool:
    """Whether the session's scope reaches a customer with this id."""
    return session.scalar(select(Customer.id).where(Customer.id == customer_id)) is not None


def name_of(session: Session, customer_id: UUID) -> str | None:
    """The name of a customer, None when the session's scope does not reach it."""
    return session.scalar(select(Customer.name).where(Customer.id == customer_id))


def locked(session: Session, customer_id: UUID) -> Customer | None:
    """The customer, kept from other writers until the transaction ends, or None."""
    statement = select(Customer).where(Customer.id == customer_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def by_code(session: Session, codes: set[str]) -> dict[str, UUID]:
    """The ids of the visible customers with these codes: how a file names a customer."""
    rows = session.execute(select(Customer.code, Customer.id).where(Customer.code.in_(codes)))
    return {row.code: row.id for row in rows}


def ancestors(session: Session, customer_id: UUID) -> set[UUID]:
    """The customer and every parent above it, in whichever company."""
    base = select(Customer.id, Customer.parent_id).where(Customer.id == customer_id).cte("above", recursive=True)
    above = base.union(select(Customer.id, Customer.parent_id).join(base, Customer.id == base.c.parent_id))
    with everything(session):
        return set(session.scalars(select(above.c.id)))


def options(session: Session, unit_id: UUID) -> dict[str, set[str]]:
    """The options that hold in a unit for the dictionary fields it or a unit above has replaced.

    Read once per unit and transaction: an import asks for every line.
    """
    known: dict[UUID, dict[str, set[str]]] = session.info.setdefault("customer options", {})
    if unit_id not in known:
        rows = custom_fields.definitions(session, "customer", unit_id)
        known[unit_id] = {row.key: {option["value"] for option in row.options} for row in rows if row.kind == "options"}
    return known[unit_id]


def ownerships(session: Session, customer_id: UUID) -> list[Ownership]:
    """Who owned the customer when, newest first; the last 200 changes."""
    statement = select(Ownership).where(Ownership.customer_id == customer_id).order_by(Ownership.id.desc())
    return list(session.scalars(statement.limit(OWNERSHIPS_MAX)))


def lock_words(session: Session, *words: Any) -> None:
    """Let one transaction at a time pass that names these words; held until it ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("/".join(map(str, words)), 0))))
