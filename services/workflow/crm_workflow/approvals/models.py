"""The table of approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Approval(Record, Base):
    """One round of asking about one document; its id is the id of the request.

    owner_id is the requester. steps: see ``rules``. waiting_ids: who is asked now; participant_ids: who ever was, and
    whoever was told that it took too long. due_at: when the next step times out.
    """

    __tablename__ = "approvals"
    __table_args__ = record_indexes(
        "approvals",
        UniqueConstraint("subject_type", "subject_id", "round", name="uq_approvals_round"),
        Index("ix_approvals_waiting_ids", "waiting_ids", postgresql_using="gin"),
        Index("ix_approvals_participant_ids", "participant_ids", postgresql_using="gin"),
        Index("ix_approvals_due_at", "due_at", postgresql_where=text("status = 'running'")),
        Index("ix_approvals_status", "status", "created_at"),
    )
    __resource__ = "approval"
    __always_own__ = True
    __people__ = ("owner_id", "participant_ids")
    __search__ = ("title",)

    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID]
    title: Mapped[str]
    requester_id: Mapped[UUID]
    round: Mapped[int]
    fields: Mapped[dict[str, Any]]
    flow_id: Mapped[UUID | None]
    flow_name: Mapped[str | None]
    flow_version: Mapped[int | None]
    steps: Mapped[list[dict[str, Any]]]
    status: Mapped[str] = mapped_column(String(20), default="running")
    comment: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    waiting_ids: Mapped[list[UUID]] = mapped_column(default=list)
    participant_ids: Mapped[list[UUID]] = mapped_column(default=list)
    due_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
