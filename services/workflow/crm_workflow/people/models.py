"""Roles, as far as finding approvers needs them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ..tables import Base


class Role(Base):
    """A role, and whether it lets its holders decide. Of a ready-made one nothing is heard until somebody edits it."""

    __tablename__ = "roles"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    approves: Mapped[bool]
    version: Mapped[int]
