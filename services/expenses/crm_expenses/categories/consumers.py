"""Giving a new group its first categories."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

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
    rows = [
        {"id": uuid5(root, default.code), "unit_id": root, "version": 1, **default._asdict(), "active": True}
        for default in DEFAULTS
    ]
    session.execute(insert(ExpenseCategory).values(rows).on_conflict_do_nothing())
