"""Business calendars."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class BusinessCalendar(Record, Base):
    """The hours a unit and those below it work, local to ``timezone``, and the days that differ from them.

    hours: weekday (ISO, 1 is Monday), opens, closes ("24:00" ends a day). special_days: first_on, last_on, name,
    as_weekday: the weekday whose hours these days have, None when nobody works.
    """

    __tablename__ = "business_calendars"
    __resource__ = "business_calendar"
    __search__ = ("name",)
    __table_args__ = record_indexes("business_calendars")

    name: Mapped[str]
    timezone: Mapped[str]
    hours: Mapped[list[dict[str, Any]]]
    special_days: Mapped[list[dict[str, Any]]]
