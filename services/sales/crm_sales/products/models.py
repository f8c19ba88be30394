"""The table of products."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Product(Record, Base):
    """Something that is sold. The code is unique in the whole group, so that a file may name a product by it."""

    __tablename__ = "products"
    __resource__ = "product"
    __search__ = ("code", "name")
    __table_args__ = record_indexes(
        "products",
        Index("uq_products_code", "code", unique=True, postgresql_where="deleted_at IS NULL"),
        CheckConstraint("price >= 0", name="price"),
    )

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str]
    unit: Mapped[str | None] = mapped_column(String(20))
    price: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(0))
    active: Mapped[bool] = mapped_column(default=True)
