"""Sums by month: for the group and its parts, and for each customer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base

FIGURE_KEY = ("measure", "month", "unit_id", "owner_id", "region_code", "level", "label", "currency")
CUSTOMER_KEY = ("customer_id", "measure", "month", "unit_id", "owner_id", "label", "currency")


class Figure(Base):
    """The sum of one measure over the records that agree in all of the key. region and level: the customer's now."""

    __tablename__ = "figures"
    __table_args__ = (
        UniqueConstraint(*FIGURE_KEY, name="uq_figures_key", postgresql_nulls_not_distinct=True),
        Index("ix_figures_unit", "unit_id", "measure", "month"),
        Index("ix_figures_owner", "owner_id", "measure", "month"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    measure: Mapped[str] = mapped_column(String(40))
    month: Mapped[date]
    unit_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    region_code: Mapped[str | None] = mapped_column(String(20))
    level: Mapped[str | None] = mapped_column(String(60))
    label: Mapped[str | None] = mapped_column(String(80))
    currency: Mapped[str | None] = mapped_column(String(3))
    value: Mapped[Decimal] = mapped_column(Numeric(20, 2))


class CustomerFigure(Base):
    """The same for one customer: for rankings, and to follow a customer whose region or level changes."""

    __tablename__ = "customer_figures"
    __table_args__ = (
        UniqueConstraint(*CUSTOMER_KEY, name="uq_customer_figures_key", postgresql_nulls_not_distinct=True),
        Index("ix_customer_figures_unit", "unit_id", "measure", "month"),
        Index("ix_customer_figures_measure", "measure", "month"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID]
    measure: Mapped[str] = mapped_column(String(40))
    month: Mapped[date]
    unit_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    label: Mapped[str | None] = mapped_column(String(80))
    currency: Mapped[str | None] = mapped_column(String(3))
    value: Mapped[Decimal] = mapped_column(Numeric(20, 2))
