"""What somebody changes about their own account: the password and the second factor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.database import system_transaction
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from ..audit.actions import record as write_audit
from . import lockout, passwords, queries, sessions, sign_in
from . import totp as codes
from .models import Credential, User


def change_password(user_id: UUID, session_id: UUID, *, current_password: str, new_password: str) -> None:
    """Change the password of who knows the present one, and end their other sessions.

    Raises Invalid when the present one is wrong or the new one weak, TooMany after too many tries.
    """
    user = _proven(user_id, current_password, "/current_password")
    if new_password == current_password:
        raise errors.field_error("/new_password", "same", say("Choose another password than the present one."))
    sign_in.check_strength(new_password, user)
    with system_transaction() as session:
        user = session.get_one(User, user_id)
        sign_in.set_password(session, user, new_password, must_change=False)
        sessions.end_all(session, user, but=session_id)


def second_factor(
    user_id: UUID, *, action: str, password: str | None = None, totp: str | None = None
) -> dict[str, Any]:
    """Begin (``enrol``: answers the secret), end (``confirm``) or undo (``disable``) the second factor.

    Raises Invalid for a wrong password or code, StateConflict when it is confirmed already or not begun, TooMany after
    too many tries.
    """
    if action == "confirm":
        return _confirm(user_id, totp or "")
    user = _proven(user_id, password or "", "/password")
    with system_transaction() as session:
        credential = _credential(session, user_id)
        return _enrol(credential, user) if action == "enrol" else _disable(session, credential, user)


def _enrol(credential: Credential, user: User) -> dict[str, Any]:
    if credential.totp_confirmed:
        raise errors.StateConflict(say("The second factor is set up already; disable it first."))
    secret = codes.new_secret()
    credential.totp_secret = codes.sealed(secret, current_runtime().settings.signing_key)
    return {"enabled": False, "secret": secret, "address": codes.address(secret, user.username)}


def _confirm(user_id: UUID, code: str) -> dict[str, Any]:
    """End the setting up with a first code. Its tries have a key apart from a sign-in's, which needs the password."""
    key = lockout.key_of(str(user_id), "confirmation")
    with system_transaction() as session:
        lockout.count_attempt(session, key)
        credential, user = _credential(session, user_id), session.get_one(User, user_id)
        if credential.totp_confirmed or not credential.totp_secret:
            raise errors.StateConflict(say("There is no second factor waiting to be confirmed."))
        fits = codes.accepts(credential, code, current_runtime().settings.signing_key)
        if fits:
            credential.totp_confirmed = True
            lockout.forgive(session, key)
            _audit(session, user, "enabled")
        else:
            lockout.failed(session, key)
    if not fits:
        raise errors.field_error("/totp", "wrong", say("The code does not fit; check the clock of your phone."))
    return {"enabled": True}


def _disable(session: Session, credential: Credential, user: User) -> dict[str, Any]:
    credential.totp_secret, credential.totp_confirmed = None, False
    _audit(session, user, "disabled")
    return {"enabled": False}


def _proven(user_id: UUID, password: str, pointer: str) -> User:
    """The user, when the password is theirs. Tries are counted as sign-ins are."""
    key = lockout.key_of(str(user_id), "own account")
    with system_transaction() as session:
        lockout.count_attempt(session, key)
        user, credential = session.get_one(User, user_id), session.get(Credential, user_id)
        stored = credential.password_hash if credential else None
    if not passwords.matches(password, stored):
        with system_transaction() as session:
            lockout.failed(session, key)
        raise errors.field_error(pointer, "wrong", say("This is not your password."))
    with system_transaction() as session:
        lockout.forgive(session, key)
    return user


def _credential(session: Session, user_id: UUID) -> Credential:
    found = queries.credential(session, user_id)
    if found is None:
        raise errors.StateConflict(say("This account has no password."))
    return found


def _audit(session: Session, user: User, fact: str) -> None:
    write_audit(
        session,
        f"totp.{fact}",
        unit_id=user.unit_id,
        subject_type="user",
        subject_id=user.id,
        subject_name=user.username,
    )
