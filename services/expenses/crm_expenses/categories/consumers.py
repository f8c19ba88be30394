"""Giving a new group its first categories."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from crm_chassis.database import add_missing
from crm_contracts.envelope import Envelope

from .models import ExpenseCategory
from .rules import DEFAULTS


def on_unit_created(session: Session, envelope: Envelope) -> None:
    """Give the root of a company tree the default categories.

    Their ids follow from the unit and the code, so a repeated event adds nothing and a deleted one stays deleted.
    """
    if envelope.data["parent_id"] is not None:
        return
    root = UUID(envelope.data["id"])
    add_missing(
        session, (ExpenseCategory(id=uuid5(root, each.code), unit_id=root, **each._asdict()) for each in DEFAULTS)
    )
