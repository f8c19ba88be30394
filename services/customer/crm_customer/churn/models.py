"""When silence is a warning, and the cases that were raised."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base


class ChurnRule(Record, Base):
    """After how many calendar months without an order a customer of a unit is warned of; level None is any level."""

    __tablename__ = "churn_rules"
    __resource__ = "churn_rule"
    __table_args__ = record_indexes(
        "churn_rules",
        Index(
            "uq_churn_rules_level",
            "unit_id",
            "level",
            unique=True,
            postgresql_where="deleted_at IS NULL",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("months_without_order > 0", name="months_without_order"),
    )

    level: Mapped[str | None] = mapped_column(String(60))
    months_without_order: Mapped[int]


class ChurnCase(Record, Base):
    """An alert that a customer is being lost. status: warned, reprieved, lost, recovered.

    ``last_order_on`` is the order whose silence the case is about, ``months`` the rule's patience. ``recovered_on`` is
    set when people say the customer is kept; from then the silence is counted anew.
    """

    __tablename__ = "churn_cases"
    __resource__ = "churn_case"
    __search__ = ("customer_name",)
    __through__ = ("customer_id", Customer)
    __table_args__ = record_indexes(
        "churn_cases",
        Index("ix_churn_cases_customer", "customer_id", "status"),
        Index("ix_churn_cases_status", "status", "warned_at", "id"),
        Index(
            "uq_churn_cases_customer_id",
            "customer_id",
            unique=True,
            postgresql_where="status IN ('warned', 'reprieved') AND deleted_at IS NULL",
        ),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    customer_name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20), default="warned")
    warned_at: Mapped[datetime]
    reasons: Mapped[list[dict[str, Any]]]
    months: Mapped[int]
    last_order_on: Mapped[date]
    probability_alive: Mapped[float | None]
    measures: Mapped[str | None]
    reprieved_until: Mapped[date | None]
    lost_reason: Mapped[str | None] = mapped_column(String(500))
    recovered_on: Mapped[date | None]
