"""Reading the copy of customers; every read here goes through the caller's scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.language import say

from .models import Customer


def visible(session: Session, customer_id: UUID) -> Customer:
    """The customer a new record is for. Raises Invalid at /customer_id when the caller sees no such customer."""
    customer = session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is None:
        raise errors.field_error("/customer_id", "unknown", say("Choose a customer that you can see."))
    return customer


def by_code(session: Session, codes: Iterable[str]) -> dict[str, Customer]:
    """The customers with these codes that the caller sees."""
    found = session.scalars(select(Customer).where(Customer.code.in_(set(codes))))
    return {customer.code: customer for customer in found}


def ids_by_code(session: Session, codes: set[str]) -> Mapping[str, UUID]:
    """Code -> id, for files that name a customer by its code."""
    return {code: customer.id for code, customer in by_code(session, codes).items()}


def alike(session: Session, *, name: str | None, phone: str | None, limit: int) -> list[Customer]:
    """Customers of exactly this name or with this phone (E.164) in the session's scope, ``limit`` at most."""
    same = [column == value for column, value in ((Customer.name, name), (Customer.phone, phone)) if value]
    if not same:
        return []
    return list(session.scalars(select(Customer).where(or_(*same)).limit(limit)))
