"""Finding activities that became late."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.schedules import Schedule

from . import actions
from .collection import activities

_AT_ONCE = 500


def announce_late(session: Session) -> None:
    """Mark late activities as overdue and announce each once; at most 500 per run, the rest a minute later."""
    for activity in actions.mark_late(session, clock.now(), _AT_ONCE):
        activities.announce(session, activity, "overdue")


OVERDUE = Schedule("activities.overdue", 60, announce_late)
