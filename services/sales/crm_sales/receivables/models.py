"""The table of receivables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base, OfCustomer, Worked
from . import rules


class Receivable(OfCustomer, Worked, Record, Base):
    """What a customer owes for an order. paid: allocated from payments; credited: for goods that came back."""

    __tablename__ = "receivables"
    __resource__ = "receivable"
    __search__ = ("order_number",)
    __through__ = ("customer_id", Customer)
    __open__ = rules.OPEN
    __table_args__ = record_indexes(
        "receivables",
        Index("ix_receivables_customer", "customer_id", "due_on"),
        Index("ix_receivables_order", "order_id"),
        Index("ix_receivables_due", "due_on", postgresql_where="status IN ('open', 'partly_paid')"),
        CheckConstraint("amount >= 0 AND paid >= 0 AND credited >= 0", name="positive"),
        CheckConstraint("paid + credited <= amount", name="settled"),
        CheckConstraint("status IN ('open', 'partly_paid', 'paid', 'overdue', 'written_off')", name="status"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    order_number: Mapped[str] = mapped_column(String(60))
    due_on: Mapped[date]
    amount: Mapped[Decimal]
    paid: Mapped[Decimal] = mapped_column(default=Decimal("0.00"))
    credited: Mapped[Decimal] = mapped_column(default=Decimal("0.00"))
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20), default="open")
    overdue_at: Mapped[datetime | None]
    written_off_reason: Mapped[str | None]

    @property
    def outstanding(self) -> Decimal:
        """What is still owed; nothing once it is written off."""
        if self.status == "written_off":
            return Decimal("0.00")
        return rules.still_open(self.amount, self.paid, self.credited)
