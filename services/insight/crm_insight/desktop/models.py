"""What waits for somebody."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class Task(Base):
    """An open record that somebody has to do something about. amount: what is still owed, of receivables."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_people", "people", postgresql_using="gin"),
        Index("ix_tasks_customer", "customer_id", "resource"),
    )

    resource: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    people: Mapped[list[UUID]]
    customer_id: Mapped[UUID | None]
    title: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None] = mapped_column(String(3))
