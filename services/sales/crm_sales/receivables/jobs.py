"""Finding receivables that became overdue."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crm_chassis.schedules import Schedule

from . import actions, queries
from .collection import receivables

BATCH = 200
"""Receivables marked in one run and one transaction; a backlog is worked off run by run."""


def find_overdue(session: Session) -> None:
    """Mark up to 200 receivables whose day has passed as overdue and announce each once."""
    found = queries.newly_overdue(session, limit=BATCH)
    for receivable in found:
        actions.mark_overdue(receivable)
    session.flush()
    for receivable in found:
        receivables.announce(session, receivable, "overdue")


OVERDUE = Schedule("receivables.overdue", every_s=30, run=find_overdue)
