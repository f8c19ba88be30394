"""The table of leads."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base, Worked


class Lead(Worked, Record, Base):
    """An unqualified chance. Without an owner it lies in its company's public pool.

    company_key, email_key: what duplicates are found by. customer_id, contact_id, opportunity_id: what it became.
    conversion_error: why the last conversion was refused.
    """

    __tablename__ = "leads"
    __resource__ = "lead"
    __search__ = ("name", "company", "phone")
    __pooled__ = True
    __open__ = ("new", "working", "converting")
    __table_args__ = record_indexes(
        "leads",
        Index("ix_leads_status", "status", "created_at", "id"),
        Index("ix_leads_phone", "phone"),
        Index("ix_leads_email_key", "email_key"),
        Index("ix_leads_company_key", "company_key"),
        CheckConstraint("status IN ('new', 'working', 'converting', 'converted', 'discarded')", name="status"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )

    name: Mapped[str]
    company: Mapped[str | None]
    company_key: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254))
    region_code: Mapped[str | None] = mapped_column(String(20))
    industry: Mapped[str | None]
    source: Mapped[str | None]
    campaign_id: Mapped[UUID | None]
    score: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(20), default="new")
    discarded_reason: Mapped[str | None]
    customer_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    opportunity_id: Mapped[UUID | None]
    conversion_error: Mapped[str | None]
