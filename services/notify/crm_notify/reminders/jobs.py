"""Firing what is due: claimed with a lease, then done in batches, one by one where a batch fails."""

from __future__ import annotations

import time
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from crm_chassis import crash
from crm_chassis.database import system_transaction

from ..notices.actions import tell
from . import actions
from .firing import notices_of

log = structlog.get_logger("reminders")

_BATCH = 200
_BUDGET_S = 20.0

_TROUBLE = (SQLAlchemyError, LookupError, ValueError, TypeError)
"""What a reminder with values nobody expected can raise."""


def fire_due(session: Session) -> None:
    """Fire due reminders for up to 20 seconds. ``session`` is the schedule's own and only kept awake.

    Two processes doing this at once share the work; a process that dies leaves its claim to the next one.
    """
    ends = time.monotonic() + _BUDGET_S
    while time.monotonic() < ends:
        with system_transaction(separate=True) as own:
            claimed = actions.claim(own, _BATCH)
        if not claimed:
            return
        crash.point("reminders_claimed")
        _fire_batch(claimed)
        session.execute(text("SELECT 1"))  # or the schedule's transaction is ended for idling


def _fire_batch(claimed: list[UUID]) -> None:
    try:
        _fire(claimed)
    except _TROUBLE:
        log.warning("reminder_batch_failed", count=len(claimed), exc_info=True)
        for reminder_id in claimed:
            _fire_alone(reminder_id)


def _fire_alone(reminder_id: UUID) -> None:
    try:
        _fire([reminder_id])
    except _TROUBLE as error:
        log.exception("reminder_failed", reminder=str(reminder_id))
        with system_transaction(separate=True) as session:
            actions.failed(session, reminder_id, f"{type(error).__name__}: {error}")


def _fire(reminder_ids: list[UUID]) -> None:
    with system_transaction(separate=True) as session:
        reminders = actions.held(session, reminder_ids)
        notices = [notice for reminder in reminders for notice in notices_of(session, reminder)]
        for reminder in reminders:
            actions.done(reminder)
        session.flush()
        tell(session, notices)
