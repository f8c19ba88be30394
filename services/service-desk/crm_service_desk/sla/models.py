"""SLA policies."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class SlaPolicy(Record, Base):
    """Time limits for the requests of a unit and everything below it; a condition that is null fits everything.

    Minutes count by the calendar, round the clock without one.
    """

    __tablename__ = "sla_policies"
    __resource__ = "sla_policy"
    __search__ = ("name",)
    __table_args__ = record_indexes(
        "sla_policies", CheckConstraint("response_minutes <= resolve_minutes", name="response_minutes")
    )

    name: Mapped[str]
    kind: Mapped[str | None]
    priority: Mapped[str | None]
    level: Mapped[str | None]
    response_minutes: Mapped[int]
    resolve_minutes: Mapped[int]
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_calendars.id"))
