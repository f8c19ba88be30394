"""The tables of claims and of the invoices they hold."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base, UnderApproval


class Claim(UnderApproval, Record, Base):
    """Expenses somebody wants back.

    items: plain JSON, each with what was entered and ``converted`` (in the claim's currency) and ``over_policy``.
    One in the claim's own currency has no rate; in rows older than this rule it may have the rate ``1``.
    paid_on: the day of the payment, as it was typed. paid_at: when it was written down.
    """

    __tablename__ = "claims"
    __table_args__ = record_indexes(
        "claims",
        Index("uq_claims_number", "number", unique=True),
        Index("ix_claims_claimant_id", "claimant_id", "created_at"),
        Index("ix_claims_status", "status", "payment_status"),
        Index("ix_claims_travel_plan_id", "travel_plan_id"),
        Index("ix_claims_about", text("(about ->> 'id')")),
        CheckConstraint("total >= 0", name="total"),
    )
    __resource__ = "claim"
    __people__ = ("owner_id", "claimant_id")
    __search__ = ("number", "title")

    number: Mapped[str] = mapped_column(String(60))
    claimant_id: Mapped[UUID]
    title: Mapped[str]
    travel_plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("travel_plans.id"))
    about: Mapped[dict[str, Any] | None]
    method: Mapped[str | None] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    items: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    total: Mapped[Decimal] = mapped_column(default=Decimal(0))
    over_policy: Mapped[bool] = mapped_column(default=False)
    payment_status: Mapped[str] = mapped_column(String(20), default="none")
    paid_on: Mapped[date | None]
    paid_at: Mapped[datetime | None]
    paid_by: Mapped[UUID | None]
    payment_reference: Mapped[str | None]


class HeldInvoice(Base):
    """An invoice in use by a live claim: the primary key lets no two claims of the whole group hold the same one."""

    __tablename__ = "held_invoices"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[str] = mapped_column(String(60), primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"), index=True)
