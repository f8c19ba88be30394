"""The copies of what a cost may be about, beside customers: as much as is needed to say who sees it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Scoped, SoftDeleted

from ..customers.models import Customer
from ..tables import Base


class Subject(Scoped, SoftDeleted):
    """The columns of a copy. ``__open__``: the states in which somebody works on it, so that it follows a handover."""

    __open__: ClassVar[tuple[str, ...]]

    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(index=True)
    owner_id: Mapped[UUID | None] = mapped_column(index=True)
    customer_id: Mapped[UUID | None] = mapped_column(index=True)
    title: Mapped[str]
    status: Mapped[str]
    version: Mapped[int]


class Opportunity(Subject, Base):
    """A sales opportunity; its team and whoever owns its customer see it too."""

    __tablename__ = "opportunities"
    __resource__ = "opportunity"
    __people__ = ("owner_id", "team_ids")
    __through__ = ("customer_id", Customer)
    __open__ = ("open",)
    __table_args__ = (Index("ix_opportunities_team_ids", "team_ids", postgresql_using="gin"),)

    team_ids: Mapped[list[UUID]] = mapped_column(default=list)


class Order(Subject, Base):
    """An order; whoever owns its customer sees it too."""

    __tablename__ = "orders"
    __resource__ = "order"
    __through__ = ("customer_id", Customer)
    __open__ = ("draft", "confirmed", "delivered")


class Request(Subject, Base):
    """A service request; who works on it sees it too."""

    __tablename__ = "requests"
    __resource__ = "request"
    __people__ = ("owner_id", "assignee_id")
    __open__ = ("created", "assigned", "in_progress", "on_hold", "answered")

    assignee_id: Mapped[UUID | None] = mapped_column(index=True)


COPIES: dict[str, type[Opportunity] | type[Order] | type[Request]] = {
    model.__resource__: model for model in (Opportunity, Order, Request)
}
"""What a claim calls the kind of record -> its copies."""
