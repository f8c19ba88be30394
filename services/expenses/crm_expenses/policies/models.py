"""The table of expense policies."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class ExpensePolicy(Record, Base):
    """A limit per day for a category; a unit's policies hold below it until a nearer unit has its own.

    city_tier: None for everywhere. grade: the key of a role, such as ``executive``; None for everybody.
    """

    __tablename__ = "expense_policies"
    __table_args__ = record_indexes("expense_policies", Index("ix_expense_policies_category_id", "category_id"))
    __resource__ = "expense_policy"

    category_id: Mapped[UUID] = mapped_column(ForeignKey("expense_categories.id"))
    city_tier: Mapped[str | None] = mapped_column(String(1))
    grade: Mapped[str | None] = mapped_column(String(80))
    limit_per_day: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(String(3))
