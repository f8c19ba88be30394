"""The copy of customers, as far as sales needs to know them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Scoped, SoftDeleted

from ..tables import Base


class Customer(Scoped, SoftDeleted, Base):
    """A customer as its service last told us. Merged and deleted ones stay, hidden."""

    __tablename__ = "customers"
    __resource__ = "customer"
    __pooled__ = True
    __table_args__ = (
        Index("ix_customers_code", "code"),
        Index("ix_customers_name", "name"),
        Index("ix_customers_phone", "phone"),
        Index("ix_customers_owner", "owner_id"),
        Index("ix_customers_unit", "unit_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    code: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str | None]
    level: Mapped[str | None]
    status: Mapped[str]
