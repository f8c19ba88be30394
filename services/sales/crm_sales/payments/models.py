"""The tables of payments, of what they paid for, and of what was given back of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base, OfCustomer


class PaymentAllocation(Base):
    """The part of a payment that pays one receivable."""

    __tablename__ = "payment_allocations"
    __table_args__ = (
        Index("ix_payment_allocations_payment", "payment_id"),
        Index("ix_payment_allocations_receivable", "receivable_id"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    receivable_id: Mapped[UUID] = mapped_column(ForeignKey("receivables.id"))
    amount: Mapped[Decimal]


class PaymentRefund(Base):
    """The part of a payment that went back to the customer on a day, and why."""

    __tablename__ = "payment_refunds"
    __table_args__ = (
        Index("ix_payment_refunds_payment", "payment_id"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    amount: Mapped[Decimal]
    refunded_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by: Mapped[UUID | None]


class Payment(OfCustomer, Record, Base):
    """Money received from a customer; it lies with what it paid for, or else with the customer.

    allocated and refunded: the sums of its allocations and refunds, together never more than the amount.
    """

    __tablename__ = "payments"
    __resource__ = "payment"
    __search__ = ("reference",)
    __through__ = ("customer_id", Customer)
    __table_args__ = record_indexes(
        "payments",
        Index("ix_payments_customer", "customer_id", "received_on"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("allocated >= 0 AND refunded >= 0 AND allocated + refunded <= amount", name="allocated"),
    )

    received_on: Mapped[date]
    amount: Mapped[Decimal]
    allocated: Mapped[Decimal] = mapped_column(default=Decimal("0.00"))
    refunded: Mapped[Decimal] = mapped_column(default=Decimal("0.00"), server_default="0")
    currency: Mapped[str] = mapped_column(String(3))
    reference: Mapped[str | None]
    note: Mapped[str | None]
    allocations: Mapped[list[PaymentAllocation]] = relationship(
        lazy="selectin", order_by=PaymentAllocation.id, cascade="all, delete-orphan"
    )
    refunds: Mapped[list[PaymentRefund]] = relationship(lazy="selectin", order_by=PaymentRefund.id)

    @property
    def unallocated(self) -> Decimal:
        """What is left of it: neither used for a receivable nor given back."""
        return self.amount - self.allocated - self.refunded
