"""Events of the customer service: the copy, and records that follow a customer through merge and unmerge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, func, update
from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.inbox import upsert_copy
from crm_contracts.envelope import Envelope

from ..tables import Base, OfCustomer
from .models import Customer

_FROM_PAYLOAD = ("code", "name", "phone", "level", "status")


def on_customer(session: Session, envelope: Envelope) -> None:
    """Keep the copy: the newest state wins, whatever the order of arrival."""
    document = envelope.data
    gone = envelope.type.rsplit(".", 2)[1] == "deleted"
    values = {name: document[name] for name in _FROM_PAYLOAD} | {
        "id": UUID(document["id"]),
        "unit_id": UUID(document["unit_id"]),
        "owner_id": UUID(document["owner_id"]) if document["owner_id"] else None,
        "deleted_at": clock.now() if gone else None,
    }
    upsert_copy(session, Customer, values, envelope.aggregateversion)


def on_merged(session: Session, envelope: Envelope) -> None:
    """Everything of the merged customer belongs to the other one from now on."""
    merged, into = UUID(envelope.data["id"]), UUID(envelope.data["into_id"])
    _mark(session, merged, envelope.aggregateversion, clock.now())
    for model in _models():
        session.execute(
            update(model)
            .where(model.customer_id == merged)
            .values(
                customer_id=into,
                merged_from=func.array_append(model.merged_from, cast(merged, Uuid)),
                version=model.version + 1,
            )
            .execution_options(synchronize_session=False, with_deleted=True)
        )


def on_unmerged(session: Session, envelope: Envelope) -> None:
    """Give back what the customer had before it was merged, also when the other one was merged further since."""
    customer_id = UUID(envelope.data["id"])
    _mark(session, customer_id, envelope.aggregateversion, None)
    for model in _models():
        before = func.array_position(model.merged_from, cast(customer_id, Uuid)) - 1
        session.execute(
            update(model)
            .where(model.merged_from.contains([customer_id]))
            .values(
                customer_id=customer_id,
                merged_from=func.trim_array(model.merged_from, func.cardinality(model.merged_from) - before),
                version=model.version + 1,
            )
            .execution_options(synchronize_session=False, with_deleted=True)
        )


def _mark(session: Session, customer_id: UUID, version: int, deleted_at: Any) -> None:
    session.execute(
        update(Customer)
        .where(Customer.id == customer_id, Customer.version < version)
        .values(deleted_at=deleted_at, version=version)
        .execution_options(synchronize_session=False, with_deleted=True)
    )


def _models() -> Iterator[Any]:
    return (mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, OfCustomer))


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """The customer service moves a leaver's customers in one statement; the copy follows until their next event."""
    session.execute(
        update(Customer)
        .where(Customer.owner_id == UUID(envelope.data["id"]))
        .values(owner_id=UUID(envelope.data["to_user_id"]))
        .execution_options(synchronize_session=False)
    )


HANDLERS = {
    **{f"crm.customer.customer.{fact}.v1": on_customer for fact in ("created", "changed", "assigned", "pooled")},
    "crm.customer.customer.deleted.v1": on_customer,
    "crm.customer.customer.merged.v1": on_merged,
    "crm.customer.customer.unmerged.v1": on_unmerged,
}
