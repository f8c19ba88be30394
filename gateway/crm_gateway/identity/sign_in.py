"""Signing in with name and password, and changing the password."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, outbox
from crm_chassis.database import system_transaction
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from ..audit.actions import record as write_audit
from ..audit.actions import root_unit
from . import lockout, passwords, queries, rules, sessions, totp
from .models import Credential, SignIn, User

WRONG = say("The name or the password is wrong.")


@dataclass(frozen=True)
class Attempt:
    """What somebody gave to sign in."""

    username: str
    password: str
    totp: str | None
    ip: str | None
    user_agent: str | None


def sign_in(attempt: Attempt, kind: str) -> tuple[UUID, UUID]:
    """Check name, password and second factor and open a session; answers the user's and the session's id.

    Raises TooMany while locked out, and the same Unauthenticated, after the same time, for an unknown name, a wrong
    password and an account that is not active; another one when a code is missing or wrong. Short transactions, because
    the hash takes longer than they do.
    """
    key = lockout.key_of(attempt.username, attempt.ip)
    with system_transaction() as session:
        lockout.count_attempt(session, key)
        user = queries.by_username(session, attempt.username)
        stored = credential.password_hash if user and (credential := session.get(Credential, user.id)) else None
    proven = passwords.matches(attempt.password, stored)
    if not proven or user is None or not user.active:
        with system_transaction() as session:
            _failed(session, attempt, user, key, reason="sign_in_failed")
        raise errors.Unauthenticated(WRONG, code="sign_in_failed")
    counted = _second_factor(attempt, user, key)
    with system_transaction() as session:
        lockout.forgive(session, counted)
        opened = sessions.open_session(session, user.id, kind, ip=attempt.ip, user_agent=attempt.user_agent)
        _welcome(session, user, opened)
    if stored and passwords.is_outdated(stored):
        _rehash(user.id, attempt.password)
    return user.id, opened.id


def _failed(session: Session, attempt: Attempt, user: User | None, key: str, *, reason: str) -> None:
    """The attempt counted under the key was wrong: the next one has to wait, and the audit log is told."""
    lockout.failed(session, key)
    write_audit(
        session,
        "sign_in.failed",
        unit_id=user.unit_id if user else root_unit(),
        actor_id=user.id if user else None,
        actor_name=attempt.username,
        subject_type="user" if user else None,
        subject_id=user.id if user else None,
        subject_name=attempt.username,
        reason=reason,
    )


def _second_factor(attempt: Attempt, user: User, key: str) -> str:
    """Ask who has a second factor for its code; answers the key whose failures a session will make up for.

    Wrong codes count per user, from wherever they come, and nothing but a session makes up for them: a code is short
    enough to be guessed by who is let try. Without the password nobody comes here, so no stranger can lock it. The
    password was right, so its own failures end here. Raises Unauthenticated for a code that is missing (which is no
    failure) or wrong, TooMany after too many wrong ones.
    """
    with system_transaction() as session:
        if not queries.has_second_factor(session, user.id):
            return key
        lockout.forgive(session, key)
    if not attempt.totp:
        raise errors.Unauthenticated(say("Enter the code of your authenticator app."), code="totp_required")
    codes = lockout.key_of_codes(user.id)
    with system_transaction() as session:
        right = _try_code(session, attempt, user, attempt.totp, codes)
    if not right:
        raise errors.Unauthenticated(say("The code is wrong or was used already."), code="totp_wrong")
    return codes


def _try_code(session: Session, attempt: Attempt, user: User, code: str, key: str) -> bool:
    """Whether the code is right. Those tried side by side wait for each other, so that each meets the others' lock."""
    lockout.count_attempt(session, key)
    credential = queries.credential(session, user.id)
    right = credential is not None and totp.accepts(credential, code, current_runtime().settings.signing_key)
    if not right:
        _failed(session, attempt, user, key, reason="totp_wrong")
    return right


def _welcome(session: Session, user: User, opened: SignIn) -> None:
    """Note the sign-in on the user, in the audit log, and to the other services (notify reminds who stays away)."""
    counted = update(Credential).where(Credential.user_id == user.id).values(sign_ins=Credential.sign_ins + 1)
    number = session.execute(counted.returning(Credential.sign_ins)).scalar_one()
    # A statement, not the record: a sign-in is no change of the user and must not give it a new version.
    session.execute(
        update(User).where(User.id == user.id).values(last_sign_in_at=opened.created_at),
        execution_options={"synchronize_session": False},
    )
    outbox.record(
        session,
        "crm.gateway.user.signed-in.v1",
        user.id,
        {"id": user.id, "version": number, "unit_id": user.unit_id, "at": opened.created_at, "kind": opened.kind},
        version=number,
        unit_id=user.unit_id,
        actor_id=user.id,
    )
    write_audit(
        session,
        "sign_in.succeeded",
        unit_id=user.unit_id,
        actor_id=user.id,
        actor_name=user.username,
        subject_type="user",
        subject_id=user.id,
        subject_name=user.username,
        session_id=opened.id,
        kind=opened.kind,
    )


def _rehash(user_id: UUID, password: str) -> None:
    renewed = passwords.hashed(password)
    with system_transaction() as session:
        session.execute(update(Credential).where(Credential.user_id == user_id).values(password_hash=renewed))


def check_strength(password: str, user: User) -> None:
    """Raises Invalid for a password that is too weak for this user."""
    reason = rules.weakness(password, user.username, user.display_name, user.email)
    if reason:
        raise errors.field_error("/password", "too_weak", reason)


def set_password(session: Session, user: User, password: str, *, must_change: bool) -> None:
    """Store a password. It was checked before; sessions are not touched."""
    credential = queries.credential(session, user.id)
    if credential is None:
        credential = Credential(user_id=user.id, sign_ins=0, totp_step=0)
        session.add(credential)
    credential.password_hash = passwords.hashed(password)
    credential.changed_at = clock.now()
    session.flush()
    # A statement, not the record: who must change a password is no change that other services hear of.
    session.execute(
        update(User).where(User.id == user.id).values(must_change_password=must_change),
        execution_options={"synchronize_session": False},
    )
    write_audit(
        session,
        "user.password_set",
        unit_id=user.unit_id,
        subject_type="user",
        subject_id=user.id,
        subject_name=user.username,
        must_change=must_change,
    )
