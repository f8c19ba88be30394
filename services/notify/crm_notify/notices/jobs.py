"""Forgetting what nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from crm_chassis import clock

from ..deliveries import actions as deliveries
from ..notifications import actions as notifications
from ..reminders import actions as reminders

KEPT = timedelta(days=180)


def forget_old(session: Session) -> None:
    """Remove notifications of more than KEPT ago with their deliveries, and reminders that are over; batch by batch.

    The inbox keeps events for a shorter time, so nothing that is forgotten here can be told again.
    """
    horizon = clock.now() - KEPT
    deliveries.forget(session, horizon)
    notifications.forget(session, horizon)
    reminders.forget(session, horizon)
