"""The table of approval flows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_chassis.database import Record, record_indexes

from ..tables import Base


class ApprovalFlow(Record, Base):
    """A template of an approval; a unit's flows hold in every unit below it.

    conditions and steps are the working copy; ``published`` is what runs: ``{"name", "conditions", "steps"}`` as they
    were at the last publication, number ``flow_version``. status ``draft`` says that the two differ.
    """

    __tablename__ = "approval_flows"
    __table_args__ = record_indexes(
        "approval_flows", Index("ix_approval_flows_subject", "subject_type", "unit_id", "flow_version")
    )
    __resource__ = "approval_flow"
    __search__ = ("name",)

    name: Mapped[str]
    subject_type: Mapped[str] = mapped_column(String(40))
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(String(20), default="draft")
    flow_version: Mapped[int] = mapped_column(default=0)
    published: Mapped[dict[str, Any] | None]
    published_at: Mapped[datetime | None]
