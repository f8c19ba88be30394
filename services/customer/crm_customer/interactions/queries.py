"""Reading when a customer was last in contact with us."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from .models import Interaction

_BEFORE_NOON = timedelta(hours=12)
"""A trip's visit has a day and no hour: it stands at noon, and counts from the beginning of its day."""


def counted_at(interaction: Interaction, now: datetime) -> datetime | None:
    """When an interaction was a contact, as far as ``now`` knows; None while it lies ahead."""
    begins = interaction.occurred_at - (_BEFORE_NOON if interaction.source_version is not None else timedelta())
    return None if begins > now else min(interaction.occurred_at, now)


def last_contact(session: Session, customer_id: UUID, now: datetime) -> datetime | None:
    """The latest contact by what is on the customer's file, None without any. Needs ``everything``."""
    begins = case(
        (Interaction.source_version.is_not(None), Interaction.occurred_at - _BEFORE_NOON),
        else_=Interaction.occurred_at,
    )
    latest = select(func.max(Interaction.occurred_at)).where(Interaction.customer_id == customer_id, begins <= now)
    found: datetime | None = session.scalar(latest)
    return None if found is None else min(found, now)
