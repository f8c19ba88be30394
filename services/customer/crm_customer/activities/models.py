"""What is planned."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base


class Activity(Record, Base):
    """A task, call, meeting or visit that somebody is to do.

    ``overdue_at``: when it was found to be late and announced so; None while it is not. ``recurs_from``: when the first
    of its series was, from which all others are counted; None for the first itself, and where an edit began anew.
    """

    __tablename__ = "activities"
    __resource__ = "activity"
    __search__ = ("subject", "number")
    __people__ = ("owner_id", "assignee_id")
    __through__ = ("customer_id", Customer)
    __table_args__ = record_indexes(
        "activities",
        Index("ix_activities_assignee", "assignee_id", "status", "due_at"),
        Index("ix_activities_customer", "customer_id", "created_at", "id"),
        Index("ix_activities_due", "due_at", postgresql_where="status = 'planned' AND overdue_at IS NULL"),
    )

    subject: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(60))
    category: Mapped[str | None] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20), default="task")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    about: Mapped[dict[str, Any] | None]
    plan: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    priority: Mapped[str] = mapped_column(String(20), default="normal")
    status: Mapped[str] = mapped_column(String(20), default="planned")
    assignee_id: Mapped[UUID | None]
    recurrence: Mapped[str | None] = mapped_column(String(20))
    recurs_from: Mapped[datetime | None]
    outcome: Mapped[str | None]
    done_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]


class CalendarFeed(Base):
    """How often a person has taken back the address of their calendar; without a row never."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    renewed: Mapped[int]
