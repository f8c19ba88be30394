"""What other services know about a customer's business, as far as this one needs it; fed by their events.

``version`` is the source row's, so that events may come twice and in any order. No foreign keys: a fact may be about
a customer that is deleted here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class CustomerOrder(Base):
    """An order of a customer. not_kept: the part of the total that came back or was not delivered in the end."""

    __tablename__ = "customer_orders"
    __table_args__ = (Index("ix_customer_orders_customer", "customer_id", "ordered_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    ordered_on: Mapped[date]
    total: Mapped[Decimal]
    not_kept: Mapped[Decimal] = mapped_column(default=Decimal(0), server_default="0")
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]


class CustomerOpportunity(Base):
    """A sales opportunity with a customer."""

    __tablename__ = "customer_opportunities"
    __table_args__ = (Index("ix_customer_opportunities_customer", "customer_id", "status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]


class CustomerReceivable(Base):
    """Money a customer owes or owed. credited: what is not owed because goods came back or were not delivered."""

    __tablename__ = "customer_receivables"
    __table_args__ = (Index("ix_customer_receivables_customer", "customer_id", "status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    due_on: Mapped[date]
    amount: Mapped[Decimal]
    paid: Mapped[Decimal]
    credited: Mapped[Decimal] = mapped_column(default=Decimal(0), server_default="0")
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]


class CustomerRequest(Base):
    """A service request of a customer."""

    __tablename__ = "customer_requests"
    __table_args__ = (Index("ix_customer_requests_customer", "customer_id", "status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(20))
    satisfaction: Mapped[int | None]
    version: Mapped[int]
