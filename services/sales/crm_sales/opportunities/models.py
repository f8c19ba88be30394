"""The tables of pipelines, opportunities and their plan items."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Record, record_indexes

from ..customers.models import Customer
from ..tables import Base, OfCustomer, Worked


class Pipeline(Record, Base):
    """The stages that chances of a unit, and of the units below without a pipeline of their own, go through."""

    __tablename__ = "pipelines"
    __resource__ = "pipeline"
    __search__ = ("name",)
    __table_args__ = record_indexes(
        "pipelines", Index("uq_pipelines_name", "unit_id", "name", unique=True, postgresql_where="deleted_at IS NULL")
    )

    name: Mapped[str]
    stages: Mapped[list[dict[str, Any]]]


def _board_end() -> Decimal:
    """A place after every card made before: milliseconds since 1970."""
    return Decimal(int(clock.now().timestamp() * 1000))


class Opportunity(OfCustomer, Worked, Record, Base):
    """A qualified chance.

    board_position: order of the cards within a stage, smaller first; a card put between two takes their mean.
    active_at: when somebody last did something about it. stalled_at: when it was found stalled, until then null.
    """

    __tablename__ = "opportunities"
    __resource__ = "opportunity"
    __search__ = ("name",)
    __people__ = ("owner_id", "team_ids")
    __through__ = ("customer_id", Customer)
    __open__ = ("open",)
    __table_args__ = record_indexes(
        "opportunities",
        Index("ix_opportunities_customer", "customer_id"),
        Index("ix_opportunities_board", "pipeline_id", "stage", "board_position"),
        Index("ix_opportunities_open", "active_at", postgresql_where="status = 'open' AND stalled_at IS NULL"),
        Index("ix_opportunities_team", "team_ids", postgresql_using="gin"),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability"),
        CheckConstraint("status IN ('open', 'won', 'lost')", name="status"),
    )

    name: Mapped[str]
    contact_id: Mapped[UUID | None]
    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipelines.id"))
    stage: Mapped[str] = mapped_column(String(40))
    probability: Mapped[int]
    amount: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    expected_close_on: Mapped[date | None]
    source: Mapped[str | None]
    competitor_ids: Mapped[list[UUID]] = mapped_column(default=list)
    team_ids: Mapped[list[UUID]] = mapped_column(default=list)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    next_step: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(10), default="open")
    lost_reason: Mapped[str | None]
    lost_to_id: Mapped[UUID | None]
    won_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    lead_id: Mapped[UUID | None]
    board_position: Mapped[Decimal] = mapped_column(Numeric(24, 8), default=_board_end)
    active_at: Mapped[datetime] = mapped_column(default=clock.now)
    stalled_at: Mapped[datetime | None]


class PlanItem(Base):
    """One dated to-do of an opportunity's development plan, and what came of it."""

    __tablename__ = "plan_items"
    __table_args__ = (Index("ix_plan_items_opportunity", "opportunity_id", "due_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunities.id"))
    version: Mapped[int] = mapped_column(default=1)
    due_on: Mapped[date]
    todo: Mapped[str]
    result: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own form
