"""What happened with a customer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base


class Interaction(Record, Base):
    """A visit, call, message … with a customer; its unit is the customer's, its owner who took part for us.

    ``source_version``: the version of the trip's record it was made from, None when people wrote it here.
    """

    __tablename__ = "interactions"
    __resource__ = "interaction"
    __search__ = ("subject", "summary")
    __through__ = ("customer_id", Customer)
    __table_args__ = record_indexes(
        "interactions",
        Index("ix_interactions_customer", "customer_id", "occurred_at", "id"),
        Index("ix_interactions_occurred", "unit_id", "occurred_at", "id"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    kind: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str | None] = mapped_column(String(20))
    occurred_at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str | None]
    feedback: Mapped[str | None]
    action_taken: Mapped[str | None]
    next_step: Mapped[str | None]
    next_at: Mapped[datetime | None]
    travel_plan_id: Mapped[UUID | None]
    source_version: Mapped[int | None]
