"""The table of administrative regions: the same for everybody, so it belongs to no unit."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class Region(Base):
    """A province, city or county. ``search`` holds what ``q`` looks into: name, pinyin and its initials."""

    __tablename__ = "regions"
    __table_args__ = (
        Index("ix_regions_level_code", "level", "code"),
        Index("ix_regions_parent", "parent_code", "code"),
    )

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    level: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    short_name: Mapped[str] = mapped_column(String(60))
    parent_code: Mapped[str | None] = mapped_column(String(6), ForeignKey("regions.code"))
    remarks: Mapped[str | None] = mapped_column(String(500))
    search: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
