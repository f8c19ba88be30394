"""Slowing down whoever guesses passwords (per name and address, known name or not) or codes (per user)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, errors
from crm_chassis.language import say

from . import rules
from .models import SignInFailures


def key_of(username: str, ip: str | None) -> str:
    """What failures are counted under."""
    return hashlib.sha256(f"{username.lower()}\x1f{ip}".encode()).hexdigest()


def key_of_codes(user_id: UUID) -> str:
    """What wrong codes of a user's second factor are counted under: one key for all addresses."""
    return key_of(str(user_id), "second factor")


def count_attempt(session: Session, key: str) -> None:
    """Count an attempt before its secret is looked at, so that guesses made side by side all count.

    Raises TooMany while the lock of earlier failures lasts, or with too many attempts under way.
    """
    now = clock.now()
    fresh = insert(SignInFailures).values(key=key, count=0, last_at=now)
    # The empty update locks the row in the same statement: a success beside us may be deleting it.
    locked = fresh.on_conflict_do_update(index_elements=["key"], set_={"count": SignInFailures.count})
    row = session.scalars(locked.returning(SignInFailures), execution_options={"populate_existing": True}).one()
    if row.locked_until and row.locked_until > now:
        wait = int((row.locked_until - now).total_seconds()) + 1
        raise errors.TooMany(
            say("Too many failed sign-ins; try again in {wait} seconds.", wait=wait),
            code="locked",
            headers={"Retry-After": str(wait)},
        )
    row.count = 1 if now - row.last_at > rules.FORGOTTEN_AFTER else row.count + 1
    row.last_at = now
    if row.count > rules.SIDE_BY_SIDE_MAX:
        _lock(row)


def failed(session: Session, key: str) -> None:
    """The attempt counted before did fail: the next one has to wait, the longer the more there were."""
    row = session.get(SignInFailures, key, with_for_update=True)
    if row is not None:
        _lock(row)


def _lock(row: SignInFailures) -> None:
    pause = rules.lock_s(row.count)
    row.locked_until = clock.now() + timedelta(seconds=pause) if pause else None


def forgive(session: Session, key: str) -> None:
    """Forget the failures: the right secret was given."""
    session.execute(delete(SignInFailures).where(SignInFailures.key == key))


def forget_old(session: Session) -> None:
    """Remove failures that no longer count; a schedule."""
    session.execute(delete(SignInFailures).where(SignInFailures.last_at < clock.now() - rules.FORGOTTEN_AFTER))
