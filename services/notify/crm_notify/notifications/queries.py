"""Reading notifications. A notification is its recipient's alone: every query here names the recipient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.language import say

from .models import Mailbox, Notification

PAGE = 100


def mine(user_id: UUID) -> Select[Notification]:
    """The notifications a user sees."""
    return select(Notification).where(Notification.owner_id == user_id, Notification.in_app.is_(True))


def one(session: Session, user_id: UUID, notification_id: UUID, *, lock: bool = False) -> Notification:
    """A user's own notification. Raises NotFound for everybody else's."""
    statement = mine(user_id).where(Notification.id == notification_id)
    found = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise errors.NotFound(say("There is no such notification for you."))
    return found


def unread_count(session: Session, user_id: UUID) -> int:
    """How many a user has not read."""
    unread = mine(user_id).where(Notification.read_at.is_(None)).with_only_columns(func.count())
    return session.scalar(unread) or 0


def after(session: Session, user_id: UUID, number: int) -> Sequence[Notification]:
    """What came into a mailbox after a number, in order, ``PAGE`` at most."""
    found = mine(user_id).where(Notification.number > number).order_by(Notification.number).limit(PAGE)
    return session.scalars(found).all()


def last_numbers(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Recipient -> the last number in their mailbox."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    found = select(Mailbox.recipient_id, Mailbox.last_number).where(Mailbox.recipient_id.in_(wanted))
    return dict(session.execute(found).all())
