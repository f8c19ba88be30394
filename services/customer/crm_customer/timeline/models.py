"""What happened to a customer, told by every service: one row per event and customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class TimelineEntry(Base):
    """An entry of a customer's timeline. ``id`` is the event's; ``details`` the few values its title and card show.

    It belongs to no unit: whoever sees the customer sees its timeline, as far as the caller may read ``resource``.
    """

    __tablename__ = "timeline"
    __table_args__ = (Index("ix_timeline_customer", "customer_id", "at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(80))
    resource: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID]
    actor_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
