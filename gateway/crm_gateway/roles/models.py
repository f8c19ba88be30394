"""Roles."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class Role(Record, Base):
    """A set of grants and closed fields. It serves users of its unit and below."""

    __tablename__ = "roles"
    __resource__ = "role"
    __search__: ClassVar[tuple[str, ...]] = ("name", "name_en", "key")
    __table_args__ = record_indexes(
        "roles", Index("uq_roles_key", "key", unique=True, postgresql_where="deleted_at IS NULL")
    )

    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    grants: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    built_in: Mapped[bool] = mapped_column(default=False)
