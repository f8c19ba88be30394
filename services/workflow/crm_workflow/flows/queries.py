"""Finding the flow a document takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_chassis import org

from .models import ApprovalFlow
from .rules import DEFAULT_STEPS, DUE_DAYS, Published, choose

__all__ = ["DEFAULT_STEPS", "DUE_DAYS", "Published", "for_document"]


def for_document(session: Session, *, subject_type: str, unit_id: UUID, fields: Mapping[str, Any]) -> Published | None:
    """The published flow that a document of the unit takes, None for the built-in one; for a system session."""
    path = org.tree().ancestors(unit_id)
    rows = session.scalars(
        select(ApprovalFlow).where(
            ApprovalFlow.subject_type == subject_type, ApprovalFlow.unit_id.in_(path), ApprovalFlow.flow_version > 0
        )
    )
    flows = [Published(row.id, row.unit_id, row.flow_version, **row.published) for row in rows if row.published]
    return choose(flows, path, fields)
