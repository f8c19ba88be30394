"""Keeping the copies of customers and contacts, and following merges."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.inbox import upsert_copy
from crm_contracts.envelope import Envelope

from ..requests import actions as requests
from .models import Contact, Customer, CustomerMerge


def on_customer(session: Session, envelope: Envelope) -> None:
    """Keep the customer's newest state."""
    _copy(session, envelope, deleted=False)


def on_customer_deleted(session: Session, envelope: Envelope) -> None:
    """Hide the customer from new requests."""
    _copy(session, envelope, deleted=True)


def on_merged(session: Session, envelope: Envelope) -> None:
    """Let the customer's requests point at the one it was merged into."""
    merged, into = UUID(envelope.data["id"]), UUID(envelope.data["into_id"])
    if _is_latest(session, merged, into, envelope.aggregateversion):
        _hide(session, merged, hidden=True)
        requests.follow_merge(session, merged, into)


def on_unmerged(session: Session, envelope: Envelope) -> None:
    """Give a customer the requests back that were its own."""
    customer = UUID(envelope.data["id"])
    if _is_latest(session, customer, None, envelope.aggregateversion):
        _hide(session, customer, hidden=False)
        requests.undo_merge(session, customer)


def on_contact(session: Session, envelope: Envelope) -> None:
    """Keep the contact's newest state."""
    _contact(session, envelope, deleted=False)


def on_contact_deleted(session: Session, envelope: Envelope) -> None:
    """Hide the contact from new requests."""
    _contact(session, envelope, deleted=True)


def _copy(session: Session, envelope: Envelope, *, deleted: bool) -> None:
    state = envelope.data
    values = {
        "id": UUID(state["id"]),
        "unit_id": UUID(state["unit_id"]),
        "owner_id": UUID(state["owner_id"]) if state["owner_id"] else None,
        "code": state["code"],
        "name": state["name"],
        "level": state["level"],
        "deleted_at": clock.now() if deleted else None,
    }
    upsert_copy(session, Customer, values, envelope.aggregateversion)


def _contact(session: Session, envelope: Envelope, *, deleted: bool) -> None:
    state = envelope.data
    values = {
        "id": UUID(state["id"]),
        "customer_id": UUID(state["customer_id"]),
        "name": state["name"],
        "deleted_at": clock.now() if deleted else None,
    }
    upsert_copy(session, Contact, values, envelope.aggregateversion)


def _is_latest(session: Session, customer_id: UUID, into_id: UUID | None, version: int) -> bool:
    """Write down a merge or its undoing; answers whether nothing newer is known (what follows bears repetition)."""
    upsert_copy(session, CustomerMerge, {"id": customer_id, "into_id": into_id}, version)
    return session.scalar(select(CustomerMerge.version).where(CustomerMerge.id == customer_id)) == version


def _hide(session: Session, customer_id: UUID, *, hidden: bool) -> None:
    when = clock.now() if hidden else None
    session.execute(update(Customer.__table__).where(Customer.id == customer_id).values(deleted_at=when))  # type: ignore[arg-type]


HANDLERS = {
    **{f"crm.customer.customer.{fact}.v1": on_customer for fact in ("created", "changed", "assigned", "pooled")},
    "crm.customer.customer.deleted.v1": on_customer_deleted,
    "crm.customer.customer.merged.v1": on_merged,
    "crm.customer.customer.unmerged.v1": on_unmerged,
    **{f"crm.customer.contact.{fact}.v1": on_contact for fact in ("created", "changed")},
    "crm.customer.contact.deleted.v1": on_contact_deleted,
}
