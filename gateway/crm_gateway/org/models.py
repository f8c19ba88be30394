"""Units of the company tree."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Unit(Record, Base):
    """A node of the tree. ``unit_id`` is the unit itself: who reaches the unit reaches its record."""

    __tablename__ = "units"
    __resource__ = "org_unit"
    __search__: ClassVar[tuple[str, ...]] = ("name", "name_en", "code")
    __people__: ClassVar[tuple[str, ...]] = ("manager_id",)
    __table_args__ = record_indexes("units", UniqueConstraint("code"), Index("ix_units_parent", "parent_id"))

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("units.id"))
    manager_id: Mapped[UUID | None]
    cell_id: Mapped[str] = mapped_column(String(40), default="main", server_default="main")
    timezone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    active: Mapped[bool] = mapped_column(default=True)
    tree_version: Mapped[int] = mapped_column(default=0)
