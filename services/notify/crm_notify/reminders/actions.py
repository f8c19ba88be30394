"""Setting, cancelling and claiming reminders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import cast, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from crm_chassis import clock, ids

from .models import Reminder
from .rules import ATTEMPTS_MAX, LEASE, Due, backoff

_FORGOTTEN_AT_ONCE = 10_000


_WATCH = text("""
    INSERT INTO watched (id, version) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[]))
    ON CONFLICT (id) DO UPDATE SET version = excluded.version WHERE watched.version < excluded.version
    RETURNING id
""")


def news(session: Session, versions: Mapping[UUID, int]) -> set[UUID]:
    """The subjects whose version here is newer than any seen; from now on it is the newest."""
    if not versions:
        return set()
    subjects = sorted(versions)
    parameters = {"ids": subjects, "versions": [versions[subject] for subject in subjects]}
    return set(session.scalars(_WATCH, parameters))


def arm(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    due: Due,
    recipient_ids: Iterable[UUID],
    unit_id: UUID,
    details: Mapping[str, Any],
) -> None:
    """Let this be the subject's one waiting reminder of the kind. What has happened for the same bucket stays done."""
    cancel(session, kind=kind, subject_id=subject_id, but=due.bucket)
    add(
        session,
        kind=kind,
        subject_id=subject_id,
        due=due,
        recipient_ids=recipient_ids,
        unit_id=unit_id,
        details=details,
    )


def add(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    due: Due,
    recipient_ids: Iterable[UUID],
    unit_id: UUID,
    details: Mapping[str, Any],
) -> None:
    """Set a reminder beside the subject's others. What has happened for the same bucket stays done."""
    row = insert(Reminder).values(
        id=ids.uuid7(),
        kind=kind,
        subject_id=subject_id,
        due_bucket=due.bucket,
        due_at=due.at,
        recipient_ids=sorted(set(recipient_ids)),
        unit_id=unit_id,
        details=dict(details),
        status="waiting",
        attempts=0,
        created_at=clock.now(),
    )
    fresh = {name: row.excluded[name] for name in ("due_at", "recipient_ids", "unit_id", "details", "status")}
    session.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "subject_id", "due_bucket"],
            set_=fresh,
            where=Reminder.status.in_(("waiting", "cancelled")),
        )
    )


def redirect(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    recipient_ids: Iterable[UUID],
    unit_id: UUID,
    details: Mapping[str, Any],
) -> None:
    """Let the subject's waiting reminder go to others in another place, when it was due anyway; details are renewed."""
    session.execute(
        update(Reminder)
        .where(Reminder.kind == kind, Reminder.subject_id == subject_id, Reminder.status == "waiting")
        .values(
            recipient_ids=sorted(set(recipient_ids)),
            unit_id=unit_id,
            details=Reminder.details.concat(cast(dict(details), JSONB)),
        )
        .execution_options(synchronize_session=False)
    )


def keep_to(session: Session, *, kind: str, subject_id: UUID, recipient_ids: Collection[UUID]) -> set[UUID]:
    """Leave everybody else out of the subject's waiting reminders; answers whom it has reminded, or still will."""
    rows = session.scalars(
        select(Reminder)
        .where(Reminder.kind == kind, Reminder.subject_id == subject_id, Reminder.status != "cancelled")
        .order_by(Reminder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    covered: set[UUID] = set()
    for row in rows:
        if row.status == "waiting":
            row.recipient_ids = [each for each in row.recipient_ids if each in recipient_ids]
            row.status = "waiting" if row.recipient_ids else "cancelled"
        covered.update(row.recipient_ids)
    session.flush()
    return covered


def has_happened(session: Session, *, kind: str, subject_id: UUID, bucket: str) -> bool:
    """Whether the subject's reminder of this occasion was fired."""
    fired = select(Reminder.id).where(
        Reminder.kind == kind,
        Reminder.subject_id == subject_id,
        Reminder.due_bucket == bucket,
        Reminder.status == "done",
    )
    return session.scalar(fired) is not None


def cancel(session: Session, *, subject_id: UUID, kind: str | None = None, but: str | None = None) -> None:
    """Nobody needs to be reminded of this any more, by any kind if none is named; ``but`` spares one bucket."""
    waiting = update(Reminder).where(Reminder.subject_id == subject_id, Reminder.status == "waiting")
    if kind is not None:
        waiting = waiting.where(Reminder.kind == kind)
    if but is not None:
        waiting = waiting.where(Reminder.due_bucket != but)
    session.execute(waiting.values(status="cancelled").execution_options(synchronize_session=False))


def hand_over(session: Session, *, from_id: UUID, to_id: UUID) -> None:
    """Remind the successor of what the predecessor was to be reminded of."""
    session.execute(
        update(Reminder)
        .where(Reminder.recipient_ids.contains([from_id]), Reminder.status == "waiting")
        .values(recipient_ids=func.array_replace(Reminder.recipient_ids, from_id, to_id))
        .execution_options(synchronize_session=False)
    )


def claim(session: Session, limit: int) -> list[UUID]:
    """Take due reminders, the oldest first, and hold them for LEASE; answers their ids.

    One that was taken ATTEMPTS_MAX times without success is given up and stays to be looked at.
    """
    now = clock.now()
    rows = session.scalars(
        select(Reminder)
        .where(
            Reminder.status == "waiting",
            Reminder.due_at <= now,
            or_(Reminder.lease_until.is_(None), clock.due(Reminder.lease_until, backoff(ATTEMPTS_MAX))),
        )
        .order_by(Reminder.due_at, Reminder.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.attempts += 1
        row.lease_until = now + LEASE
        if row.attempts > ATTEMPTS_MAX:
            row.status = "failed"
    return [row.id for row in rows if row.status == "waiting"]


def held(session: Session, reminder_ids: Iterable[UUID]) -> list[Reminder]:
    """Claimed reminders that are still to be fired, locked. One cancelled since the claim is left out."""
    wanted = sorted(reminder_ids)
    return list(
        session.scalars(
            select(Reminder)
            .where(Reminder.id.in_(wanted), Reminder.status == "waiting")
            .order_by(Reminder.id)
            .with_for_update()
        )
    )


def done(reminder: Reminder) -> None:
    """It has happened."""
    reminder.status, reminder.lease_until, reminder.last_error = "done", None, None


def failed(session: Session, reminder_id: UUID, error: str) -> None:
    """It could not be fired this time; it is tried again after a while."""
    reminder = session.get_one(Reminder, reminder_id, with_for_update=True)
    reminder.last_error = error
    reminder.lease_until = clock.now() + backoff(reminder.attempts)


def forget(session: Session, horizon: datetime) -> None:
    """Remove reminders that are over and were due before ``horizon``, _FORGOTTEN_AT_ONCE at most."""
    old = select(Reminder.id).where(Reminder.due_at < horizon, Reminder.status != "waiting").limit(_FORGOTTEN_AT_ONCE)
    session.execute(delete(Reminder).where(Reminder.id.in_(old)).execution_options(synchronize_session=False))
