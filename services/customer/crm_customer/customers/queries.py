"""Reading customers: visible ones for child records, duplicates across companies, ancestors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Subquery, Uuid, func, literal, select, text
from sqlalchemy.orm import Session

from crm_chassis import custom_fields, errors, org
from crm_chassis.database import everything
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from . import rules
from .models import Customer, CustomerKey, Ownership

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
    SELECT found.customer_id, wanted.kind
    FROM unnest(CAST(:kinds AS text[]), CAST(:texts AS text[]), CAST(:most AS int[])) AS wanted(kind, value, most)
    CROSS JOIN LATERAL (
        SELECT k.customer_id FROM customer_keys k
        WHERE k.kind = wanted.kind AND k.value = wanted.value
        ORDER BY k.customer_id LIMIT wanted.most
    ) found
""")


def matches(
    session: Session, keys: Iterable[tuple[str, str]], *, unit_id: UUID, except_id: UUID | None = None
) -> list[Match]:
    """The customers of the whole group that share a key, the most alike first; 20 at most.

    keys: at least one. Those outside the session's scope are found too, but without the customer itself. A value that
    very many share is not followed to its end (``rules.LOOKED_AT``), but takes no room from the other values.
    """
    hits = _sharing(session, keys)
    if except_id is not None:
        hits.pop(except_id, None)
    if not hits:
        return []
    with everything(session):
        units = session.execute(select(Customer.id, Customer.unit_id).where(Customer.id.in_(hits))).all()
    tree = org.tree()
    company = tree.company(unit_id)
    alike = sorted(
        ((row.id, hits[row.id], tree.company(row.unit_id) == company) for row in units),
        key=lambda found: (*rules.likeness(found[1], same_company=found[2]), found[0]),
    )[:MATCHES_MAX]
    shown = select(Customer).where(Customer.id.in_([customer_id for customer_id, _, _ in alike]))
    visible = {row.id: row for row in session.scalars(shown)}
    return [_match(visible.get(customer_id), by, same) for customer_id, by, same in alike]


def _sharing(session: Session, keys: Iterable[tuple[str, str]]) -> dict[UUID, set[str]]:
    """Customer -> the kinds of keys it shares. Deleted customers are among them."""
    kinds, texts = zip(*sorted(keys), strict=True)
    most = [rules.LOOKED_AT[kind] for kind in kinds]
    hits: dict[UUID, set[str]] = {}
    for customer_id, kind in session.execute(_SHARING, {"kinds": list(kinds), "texts": list(texts), "most": most}):
        hits.setdefault(customer_id, set()).add(kind)
    return hits


def _match(customer: Customer | None, by: set[str], same_company: bool) -> Match:
    return Match(customer, frozenset(by), same_company, rules.is_strong(by, same_company=same_company))


def has_code(session: Session, code: str) -> bool:
    """Whether a customer of any company that is not deleted has this code, whoever may see it."""
    with everything(session):
        return session.scalar(select(Customer.id).where(Customer.code == code)) is not None


def has_credit_code(session: Session, code: str, *, unit_id: UUID, except_id: UUID) -> bool:
    """Whether another customer of the unit's company has this credit code, whoever may see it.

    Until the transaction ends nobody else is answered about the same code: no two of them find it free. A constraint
    cannot say that: which company a customer is of follows from the tree, and changes with it.
    """
    lock_words(session, "credit code", code)
    holders = (
        select(Customer.unit_id)
        .join(CustomerKey, CustomerKey.customer_id == Customer.id)
        .where(CustomerKey.kind == "credit_code", CustomerKey.value == code, Customer.id != except_id)
    )
    with everything(session):
        units = session.scalars(holders).all()
    tree = org.tree()
    return any(tree.company(unit) == tree.company(unit_id) for unit in units)


def doubled() -> ColumnElement[bool]:
    """A predicate: another customer of the same company has the credit code too, whoever may see that one.

    Nobody is asked about customers when a unit is moved into another company, or is a company of its own no more.
    """
    customer, key, place = Customer.__table__, CustomerKey.__table__, _companies()
    codes = select(key.c.value).where(key.c.kind == "credit_code").group_by(key.c.value).having(func.count() > 1)
    holders = func.count().over(partition_by=(key.c.value, place.c.company_id)).label("holders")
    shared = (
        select(key.c.customer_id, holders)
        .join_from(key, customer, customer.c.id == key.c.customer_id)
        .join(place, place.c.unit_id == customer.c.unit_id)
        .where(key.c.kind == "credit_code", key.c.value.in_(codes), customer.c.deleted_at.is_(None))
        .subquery()
    )
    return Customer.id.in_(select(shared.c.customer_id).where(shared.c.holders > 1))


def _companies() -> Subquery:
    """Each unit and the company it belongs to, by the tree in memory."""
    tree = org.tree()
    units = list(tree.parents)
    companies = [tree.company(unit) for unit in units]
    columns = {"unit_id": units, "company_id": companies}
    unnested = [func.unnest(literal(ids, ARRAY(Uuid))).label(name) for name, ids in columns.items()]
    return select(*unnested).subquery()


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
