"""The tables of trips and of their days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base, UnderApproval


class TravelPlan(UnderApproval, Record, Base):
    """A planned trip of one traveller."""

    __tablename__ = "travel_plans"
    __table_args__ = record_indexes(
        "travel_plans",
        Index("uq_travel_plans_number", "number", unique=True),
        Index("ix_travel_plans_traveller_id", "traveller_id", "starts_on"),
        Index("ix_travel_plans_status", "status"),
        Index("ix_travel_plans_customer_ids", "customer_ids", postgresql_using="gin"),
        CheckConstraint("ends_on >= starts_on", name="ends_on"),
    )
    __resource__ = "travel_plan"
    __people__ = ("owner_id", "traveller_id")
    __search__ = ("number", "subject")

    number: Mapped[str] = mapped_column(String(60))
    traveller_id: Mapped[UUID]
    destination_region_code: Mapped[str | None] = mapped_column(String(6))
    subject: Mapped[str]
    plan: Mapped[str | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    customer_ids: Mapped[list[UUID]] = mapped_column(default=list)
    estimate: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(String(3))


class DayRecord(Record, Base):
    """What the traveller did on one day of the trip; with a customer it is a visit. Whoever owns the trip sees it too."""

    __tablename__ = "travel_plan_records"
    __table_args__ = record_indexes(
        "travel_plan_records",
        Index("ix_travel_plan_records_plan", "travel_plan_id", "on"),
        Index("ix_travel_plan_records_customer_id", "customer_id"),
    )
    __resource__ = "travel_plan"
    __through__ = ("travel_plan_id", TravelPlan)

    travel_plan_id: Mapped[UUID] = mapped_column(ForeignKey("travel_plans.id"))
    on: Mapped[date]
    customer_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    what: Mapped[str]
    result: Mapped[str | None]
