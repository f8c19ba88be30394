"""Reading comments, and finding the requests whose time has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import rules
from .models import Comment, Request

BATCH = 200


def comments(session: Session, request_id: UUID, *, after: UUID | None, limit: int) -> list[Comment]:
    """A request's comments, oldest first, one more than ``limit`` when there are more."""
    statement = select(Comment).where(Comment.request_id == request_id).order_by(Comment.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(Comment.id > after)
    return list(session.scalars(statement))


def due_to_warn(session: Session, now: datetime) -> Sequence[Request]:
    """Open requests of whose time too much has passed and nobody was told."""
    return _claim(session, Request.warn_at <= now, ~Request.sla_warned, _clock_runs())


def overdue(session: Session, now: datetime) -> Sequence[Request]:
    """Open requests that should be solved by now and nobody was told."""
    return _claim(session, Request.due_at <= now, ~Request.sla_breached, _clock_runs())


def unheard(session: Session, now: datetime) -> Sequence[Request]:
    """Open requests that should have had a first response by now and nobody was told."""
    silent = Request.responded_at.is_(None)
    return _claim(session, Request.response_due_at <= now, silent, ~Request.response_breached, _clock_runs())


def hold_over(session: Session, now: datetime) -> Sequence[Request]:
    """Requests whose hold has ended."""
    return _claim(session, Request.status == "on_hold", Request.held_until <= now)


def left_alone(session: Session, now: datetime) -> Sequence[Request]:
    """Requests answered so long ago that no feedback is expected any more."""
    horizon = now - timedelta(days=rules.ARCHIVE_AFTER_DAYS)
    return _claim(session, Request.status == "answered", Request.answered_at <= horizon)


def _clock_runs() -> Any:
    return Request.status.in_(sorted(rules.OPEN))


def _claim(session: Session, *conditions: Any) -> Sequence[Request]:
    """A bounded batch, locked; rows that somebody else works on are left for the next time."""
    return session.scalars(
        select(Request).where(*conditions).order_by(Request.id).limit(BATCH).with_for_update(skip_locked=True)
    ).all()
