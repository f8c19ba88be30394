"""Reading activities: those that became late, and a user's calendar with its address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import org

from .models import Activity, CalendarFeed

PAST, AHEAD, EVENTS_MAX = timedelta(days=90), timedelta(days=365), 1000


def late(session: Session, now: datetime, limit: int) -> list[Activity]:
    """Planned activities past their due time that were not announced yet, locked, the latest-due first."""
    statement = (
        select(Activity)
        .where(Activity.status == "planned", Activity.overdue_at.is_(None), Activity.due_at < now)
        .order_by(Activity.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(statement))


def of_user(session: Session, user_id: UUID, now: datetime) -> list[Activity]:
    """A user's own and assigned activities from 90 days back to a year ahead, by time; 1,000 at most."""
    when = func.coalesce(Activity.starts_at, Activity.due_at)
    statement = (
        select(Activity)
        .where(
            or_(Activity.owner_id == user_id, Activity.assignee_id == user_id),
            Activity.status != "cancelled",
            when.between(now - PAST, now + AHEAD),
        )
        .order_by(when, Activity.id)
        .limit(EVENTS_MAX)
    )
    return list(session.scalars(statement))


def timezones(session: Session, activities: Sequence[Activity]) -> dict[UUID, str]:
    """Activity -> the time zone (IANA name) of whoever does it: of their unit, or else of the activity's own."""
    assignees = org.users(session, {activity.assignee_id for activity in activities if activity.assignee_id})
    tree = org.tree()
    found: dict[UUID, str] = {}
    for activity in activities:
        assignee = assignees.get(activity.assignee_id) if activity.assignee_id else None
        found[activity.id] = tree.timezone(assignee.unit_id if assignee else activity.unit_id)
    return found


def renewals(session: Session, user_id: UUID) -> int:
    """How often the user has taken back the address of their calendar."""
    return session.scalar(select(CalendarFeed.renewed).where(CalendarFeed.user_id == user_id)) or 0


def renew(session: Session, user_id: UUID) -> int:
    """Take the address back; answers how often that was done, this time included."""
    statement = insert(CalendarFeed).values(user_id=user_id, renewed=1)
    again = {"renewed": CalendarFeed.renewed + 1}
    statement = statement.on_conflict_do_update(index_elements=["user_id"], set_=again)
    return int(session.scalar(statement.returning(CalendarFeed.renewed)) or 0)
