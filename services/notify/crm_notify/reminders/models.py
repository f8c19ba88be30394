"""What will be due: reminders as rows, and how companies set their times."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Reminder(Base):
    """Something to be done at ``due_at`` unless it is cancelled before. A row happens once and stays as its record.

    subject_id: the activity, approval, case … it is about. due_bucket: tells the occasions of one subject apart.
    status: waiting → done | cancelled | failed. lease_until: whoever fires it holds it until then.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "due_bucket"),
        CheckConstraint("status IN ('waiting', 'done', 'cancelled', 'failed')", name="status"),
        Index("ix_reminders_due", "due_at", postgresql_where="status = 'waiting'"),
        Index("ix_reminders_recipients", "recipient_ids", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID]
    due_bucket: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime]
    recipient_ids: Mapped[list[UUID]]
    unit_id: Mapped[UUID]
    details: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(20), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Watched(Base):
    """The newest version of a subject whose state has set or cancelled reminders: older ones must not undo that."""

    __tablename__ = "watched"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]


class ReminderRule(Record, Base):
    """When a unit and those below it are reminded of something; the nearest unit's rule counts."""

    __tablename__ = "reminder_rules"
    __resource__ = "reminder_rule"
    __table_args__ = record_indexes(
        "reminder_rules",
        Index("uq_reminder_rules_kind", "unit_id", "kind", unique=True, postgresql_where="deleted_at IS NULL"),
    )

    kind: Mapped[str] = mapped_column(String(60))
    minutes: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
