"""Requests and their comments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..tables import Base

_CLOCK_RUNS = "status IN ('created', 'assigned', 'in_progress') AND deleted_at IS NULL"


class Request(Record, Base):
    """What a customer asked for. Its owner took it in, its assignee works on it; both see it.

    merged_from: the customers it pointed at before they were merged away, oldest first. held_s: seconds of working time
    spent on hold since sla_started_at. calendar_id: by which its limits count, None for round the clock. breach_count:
    limits broken so far, those before it was reopened included.
    """

    __tablename__ = "requests"
    __resource__ = "request"
    __search__ = ("number", "summary", "description")
    __people__ = ("owner_id", "assignee_id")
    __table_args__ = record_indexes(
        "requests",
        UniqueConstraint("number"),
        CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
        Index("ix_requests_customer", "customer_id", "created_at"),
        Index("ix_requests_assignee", "assignee_id", "status"),
        Index("ix_requests_status", "status", "created_at"),
        Index("ix_requests_merged_from", "merged_from", postgresql_using="gin"),
        Index("ix_requests_warn", "warn_at", postgresql_where=f"NOT sla_warned AND {_CLOCK_RUNS}"),
        Index("ix_requests_due", "due_at", postgresql_where=f"NOT sla_breached AND {_CLOCK_RUNS}"),
        Index(
            "ix_requests_response_due",
            "response_due_at",
            postgresql_where=f"NOT response_breached AND responded_at IS NULL AND {_CLOCK_RUNS}",
        ),
        Index("ix_requests_held", "held_until", postgresql_where="status = 'on_hold' AND deleted_at IS NULL"),
        Index("ix_requests_answered", "answered_at", postgresql_where="status = 'answered' AND deleted_at IS NULL"),
    )

    number: Mapped[str]
    kind: Mapped[str]
    customer_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(default="phone")
    priority: Mapped[str] = mapped_column(default="normal")
    summary: Mapped[str]
    description: Mapped[str | None]
    assignee_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(default="created")
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    satisfaction: Mapped[int | None]
    feedback: Mapped[str | None]
    rated_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    reopened_count: Mapped[int] = mapped_column(default=0)
    escalated_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    hold_reason: Mapped[str | None]
    held_s: Mapped[int] = mapped_column(default=0)
    calendar_id: Mapped[UUID | None]
    sla_started_at: Mapped[datetime] = mapped_column(default=clock.now)
    response_due_at: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    sla_warned: Mapped[bool] = mapped_column(default=False)
    sla_breached: Mapped[bool] = mapped_column(default=False)
    response_breached: Mapped[bool] = mapped_column(default=False)
    breach_count: Mapped[int] = mapped_column(default=0)
    merged_from: Mapped[list[UUID]] = mapped_column(default=list, server_default="{}")


class Comment(Base):
    """A remark on a request, plain text. Public ones are meant for the customer; who sees the request sees all."""

    __tablename__ = "comments"
    __table_args__ = (Index("ix_comments_request", "request_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("requests.id"))
    author_id: Mapped[UUID]
    body: Mapped[str]
    public: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
