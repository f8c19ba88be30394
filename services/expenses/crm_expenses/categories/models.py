"""The table of expense categories."""

from __future__ import annotations

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class ExpenseCategory(Record, Base):
    """A kind of expense; a unit's categories hold in every unit below it."""

    __tablename__ = "expense_categories"
    __table_args__ = record_indexes(
        "expense_categories",
        Index(
            "uq_expense_categories_code",
            "unit_id",
            "code",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
    __resource__ = "expense_category"
    __search__ = ("name", "name_en", "code")

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str]
    name_en: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
