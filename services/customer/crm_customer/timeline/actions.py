"""Writing a customer's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, ids
from crm_chassis.http import plain
from crm_chassis.identity import principal_or_none

from .models import TimelineEntry
from .rules import FACTS


def note(
    session: Session,
    fact: str,
    *,
    customer_id: UUID,
    subject_id: UUID,
    values: Mapping[str, Any],
    at: datetime | None = None,
    entry_id: UUID | None = None,
) -> None:
    """Put a fact of this service (``interaction.recorded``) on the customer's timeline, in the open transaction.

    at: when it happened, now by default. entry_id: say it again with the same id to correct the entry.
    """
    actor = principal_or_none()
    enter(
        session,
        f"crm.customer.{fact}.v1",
        customer_ids=[customer_id],
        entry_id=entry_id or ids.uuid7(),
        subject_id=subject_id,
        values=values,
        at=at or clock.now(),
        actor_id=actor.user_id if actor else None,
    )


def enter(
    session: Session,
    event_type: str,
    *,
    customer_ids: list[UUID],
    entry_id: UUID,
    subject_id: UUID,
    values: Mapping[str, Any],
    at: datetime,
    actor_id: UUID | None,
) -> None:
    """Write one entry per customer; an entry known already gets the new time and details."""
    fact = FACTS[event_type]
    details = {name: plain(values[name]) for name in sorted(fact.fields) if name in values}
    common = {"id": entry_id, "at": at, "type": event_type, "resource": fact.resource}
    about = {"subject_id": subject_id, "actor_id": actor_id, "details": details}
    row = insert(TimelineEntry)
    again = row.on_conflict_do_update(
        index_elements=["id", "customer_id"], set_={"at": row.excluded.at, "details": row.excluded.details}
    )
    session.execute(again, [{**common, **about, "customer_id": customer_id} for customer_id in customer_ids])
