"""What the service desk keeps of customers and contacts."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Scoped, SoftDeleted

from ..tables import Base


class Customer(Scoped, SoftDeleted, Base):
    """A customer as the service desk knows it; who may read customers sees it."""

    __tablename__ = "customers"
    __resource__ = "customer"
    __pooled__ = True
    __table_args__ = (Index("ix_customers_unit", "unit_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[str | None]


class CustomerMerge(Base):
    """The latest word on whether a customer stands for itself (``into_id`` null) or was merged into another."""

    __tablename__ = "customer_merges"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    into_id: Mapped[UUID | None]
    version: Mapped[int]


class Contact(SoftDeleted, Base):
    """A contact and the customer it belongs to."""

    __tablename__ = "contacts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    version: Mapped[int]
    name: Mapped[str]
