"""Finding leads and customers that may be the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm_chassis.database import everything

from ..customers import queries as customers
from . import rules
from .models import Lead

LIMIT = 20


def duplicates(session: Session, candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Leads with the same phone, e-mail or company, and customers of that name or phone.

    ``items`` holds what the caller sees; ``elsewhere`` says whether there is more that they may not see, and nothing
    about it.
    """
    leads, found_customers = _leads(session, candidate), _customers(session, candidate)
    with everything(session):
        all_found = len(_leads(session, candidate)) + len(_customers(session, candidate))
    items = [_lead(lead, candidate) for lead in leads]
    items += [_customer(customer, candidate) for customer in found_customers]
    return {"items": items, "elsewhere": all_found > len(items)}


def locked(session: Session, lead_id: UUID) -> Lead | None:
    """The lead as it is now, locked; None when it was deleted."""
    statement = select(Lead).where(Lead.id == lead_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def _keys(candidate: Mapping[str, Any]) -> dict[str, str]:
    keys = {
        "phone": candidate.get("phone"),
        "email_key": rules.email_key(candidate.get("email")),
        "company_key": rules.company_key(candidate.get("company")),
    }
    return {name: key for name, key in keys.items() if key}


def _leads(session: Session, candidate: Mapping[str, Any]) -> list[Lead]:
    same = [getattr(Lead, name) == key for name, key in _keys(candidate).items()]
    if not same:
        return []
    return list(session.scalars(select(Lead).where(or_(*same)).order_by(Lead.created_at.desc()).limit(LIMIT)))


def _customers(session: Session, candidate: Mapping[str, Any]) -> list[Any]:
    return customers.alike(session, name=candidate.get("company"), phone=candidate.get("phone"), limit=LIMIT)


def _lead(lead: Lead, candidate: Mapping[str, Any]) -> dict[str, Any]:
    matched = [name.removesuffix("_key") for name, key in _keys(candidate).items() if getattr(lead, name) == key]
    return {"resource": "lead", "id": lead.id, "name": lead.name, "company": lead.company, "matched": matched}


def _customer(customer: Any, candidate: Mapping[str, Any]) -> dict[str, Any]:
    pairs = (("company", customer.name), ("phone", customer.phone))
    matched = [name for name, value in pairs if value and candidate.get(name) == value]
    return {"resource": "customer", "id": customer.id, "name": customer.name, "company": None, "matched": matched}
