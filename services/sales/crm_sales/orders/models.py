"""The table of orders."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base, OfCustomer, Worked


class Order(OfCustomer, Worked, Record, Base):
    """What a customer ordered. Lines are kept as they were agreed: products may change later.

    returned_total: the value of goods that came back; cancelled_total: of goods that were not delivered when the order
    was closed; refund_due: the part of both that was paid for and not given back yet.
    approval_round: how often approval was asked; approval_id: the last request.
    """

    __tablename__ = "orders"
    __resource__ = "order"
    __search__ = ("number",)
    __through__ = ("customer_id", Customer)
    __open__ = ("draft", "confirmed", "delivered")
    __table_args__ = record_indexes(
        "orders",
        UniqueConstraint("number"),
        Index("ix_orders_customer", "customer_id", "ordered_on"),
        Index("ix_orders_unit_ordered", "unit_id", "ordered_on", "id"),
        Index("ix_orders_ordered", "ordered_on", "id"),
        Index("ix_orders_status", "status", "created_at", "id"),
        CheckConstraint("total >= 0 AND returned_total >= 0 AND refund_due >= 0", name="positive"),
        CheckConstraint(
            "cancelled_total >= 0 AND returned_total + cancelled_total <= total "
            "AND refund_due <= returned_total + cancelled_total",
            name="returned_total",
        ),
        CheckConstraint("status IN ('draft', 'confirmed', 'delivered', 'closed', 'cancelled')", name="status"),
    )

    number: Mapped[str] = mapped_column(String(60))
    contract_id: Mapped[UUID | None]
    quote_id: Mapped[UUID | None]
    opportunity_id: Mapped[UUID | None]
    ordered_on: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[list[dict[str, Any]]]
    total: Mapped[Decimal]
    status: Mapped[str] = mapped_column(String(20), default="draft")
    delivered_quantity: Mapped[Decimal] = mapped_column(Numeric(18, 3), default=Decimal(0))
    returned_total: Mapped[Decimal] = mapped_column(default=Decimal("0.00"))
    cancelled_total: Mapped[Decimal] = mapped_column(default=Decimal("0.00"), server_default="0")
    refund_due: Mapped[Decimal] = mapped_column(default=Decimal("0.00"))
    note: Mapped[str | None]
    approval_status: Mapped[str | None] = mapped_column(String(20))
    approval_round: Mapped[int] = mapped_column(default=0)
    approval_id: Mapped[UUID | None]
    approval_comment: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str | None]
