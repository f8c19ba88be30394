"""What leaves the house for a person: one row per notification, channel and address."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base

STATUSES = ("pending", "sending", "sent", "failed", "unknown")


class Delivery(Record, Base):
    """A mail to somebody. owner_id: the recipient as a user; recipient: their address when it was written.

    status: pending → sending (while ``lease_until`` runs) → sent | failed | unknown. ``unknown``: the process died, or
    the line broke, between handing the mail over and hearing that it was taken. next_attempt_at: null = waits for
    nobody, or for a person.
    """

    __tablename__ = "deliveries"
    __resource__ = "delivery"
    __search__ = ("recipient",)
    __tracked__ = False
    __table_args__ = record_indexes(
        "deliveries",
        UniqueConstraint("notification_id", "channel", "recipient"),
        CheckConstraint("status IN ('pending', 'sending', 'sent', 'failed', 'unknown')", name="status"),
        Index("ix_deliveries_due", "next_attempt_at", postgresql_where="status IN ('pending', 'unknown')"),
        Index("ix_deliveries_sending", "lease_until", postgresql_where="status = 'sending'"),
    )

    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id"))
    kind: Mapped[str] = mapped_column(String(60))
    channel: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(254))
    status: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
