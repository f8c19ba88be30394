"""Finding opportunities that nobody works on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.schedules import Schedule

from . import queries
from .collection import opportunities

IDLE = timedelta(days=30)
BATCH = 200


def find_stalled(session: Session) -> None:
    """Mark up to 200 open opportunities that were idle for 30 days and announce each, once until somebody acts."""
    now = clock.now()
    found = queries.stalled(session, idle_since=now - IDLE, limit=BATCH)
    for opportunity in found:
        opportunity.stalled_at = now
    session.flush()
    for opportunity in found:
        opportunities.announce(session, opportunity, "stalled", idle_days=(now - opportunity.active_at).days)


STALLED = Schedule("opportunities.stalled", every_s=60, run=find_stalled)
