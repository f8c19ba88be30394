"""The audit log's table."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis import clock, ids
from crm_chassis.database import Scoped

from ..tables import Base


class AuditEntry(Scoped, Base):
    """One thing that happened. ``owner_id`` is who did it; ``hash`` seals the entry and, by ``prev_hash``, all before.

    ``seq`` and the hashes are given as the transaction commits; a trigger refuses any later change.
    """

    __tablename__ = "audit_entries"
    __resource__ = "audit"
    __search__: ClassVar[tuple[str, ...]] = ("actor_name", "action", "subject_name")
    __table_args__ = (
        Index("ix_audit_entries_unit", "unit_id", "at", "id"),
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_owner", "owner_id", "at", "id"),
        Index("ix_audit_entries_subject", "subject_id"),
    )

    version = 1

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    actor_name: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[UUID | None]
    subject_name: Mapped[str | None] = mapped_column(String(200))
    ip: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    prev_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))
