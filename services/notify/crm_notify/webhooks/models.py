"""Webhooks: where events are sent to, and each single call."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Webhook(Record, Base):
    """A subscription of another system. It hears of its unit and the units below.

    events: patterns over event types, ``*`` one word and ``#`` any number. sealed_secret: encrypted under the signing
    key; the previous one signs too until ``previous_until``. lease_until, next_attempt_at, failing_since: the state of
    its queue, which moves by plain UPDATEs and leaves ``version`` alone.
    """

    __tablename__ = "webhooks"
    __resource__ = "webhook"
    __search__ = ("url", "description")
    __table_args__ = record_indexes(
        "webhooks", Index("ix_webhooks_active", "id", postgresql_where="active AND deleted_at IS NULL")
    )

    url: Mapped[str] = mapped_column(String(500))
    description: Mapped[str | None]
    events: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    sealed_secret: Mapped[str]
    sealed_previous: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(default=clock.now)
    failing_since: Mapped[datetime | None]


class Call(Base):
    """One event for one webhook. ``position`` is the order in which a webhook's calls are made.

    status: pending → sent, or failed when the receiver keeps refusing this one. The event's id is sent as ``webhook-id``,
    by which the receiver knows repetitions.
    """

    __tablename__ = "webhook_calls"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        CheckConstraint("status IN ('pending', 'sent', 'failed')", name="status"),
        Index("ix_webhook_calls_pending", "webhook_id", "position", postgresql_where="status = 'pending'"),
        Index("ix_webhook_calls_position", "webhook_id", "position"),
        Index("ix_webhook_calls_created", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"))
    position: Mapped[int] = mapped_column(BigInteger, Identity())
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(String(120))
    envelope: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    response_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
