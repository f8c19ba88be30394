"""What is done with users: each change is checked against the caller's own reach, copied, audited and announced."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, org, outbox
from crm_chassis.identity import current_principal, principal_or_none
from crm_chassis.language import say

from .. import freshness
from ..audit.actions import record as write_audit
from ..roles import actions as role_actions
from ..roles import queries as roles
from ..roles.actions import ADMINISTRATOR
from ..views import actions as views
from . import passwords, queries, sessions, sign_in
from .models import User


def create(session: Session, values: dict[str, Any]) -> User:
    """Add a user; with a password it can sign in at once. Raises Invalid, and Forbidden for roles beyond own reach."""
    password, must_change = values.pop("password", None), values.pop("must_change_password", True)
    _resolve_role_keys(session, values)
    user = User(**{**values, "id": ids.uuid7(), "active": True})
    user.unit_ids, user.role_ids = user.unit_ids or [], user.role_ids or []
    user.locale = user.locale or current_principal().locale
    _check_units(session, user, "user:create")
    _check_people(session, user)
    _refuse_roles_beyond(session, user)
    if password is not None:
        sign_in.check_strength(password, user)
    session.add(user)
    _publish(session, user, "created")
    if password is not None:
        sign_in.set_password(session, user, password, must_change=must_change)
    return user


def update(session: Session, user: User, values: dict[str, Any]) -> None:
    """Change a user. Raises Invalid, Forbidden when the user has, or would get, more reach than the caller."""
    refuse_stronger(session, user)
    for word in ("password", "must_change_password"):
        if word in values:
            raise errors.field_error(f"/{word}", "fixed", say("Use the verb `reset-password`."))
    _resolve_role_keys(session, values)
    administrators = _administrators(session, user)
    for name, value in values.items():
        setattr(user, name, value)
    is_changed = session.is_modified(user)  # asked now: the checks below flush
    if not {"unit_id", "unit_ids"}.isdisjoint(values):
        _check_units(session, user, "user:update")
    if "manager_id" in values:
        _check_people(session, user)
    if not {"unit_id", "unit_ids", "role_ids"}.isdisjoint(values):
        _refuse_roles_beyond(session, user)
    if is_changed:
        _publish(session, user, "changed")
        if administrators == 1 and not _administrators(session, user):
            raise errors.StateConflict(say("This is the last group administrator; make another one first."))


def deactivate(session: Session, user: User) -> User:
    """Let a user sign in no more and end every session. Raises StateConflict for oneself and who is inactive."""
    refuse_stronger(session, user)
    if user.id == current_principal().user_id:
        raise errors.StateConflict(say("Ask another administrator to deactivate you."))
    if not user.active:
        raise errors.StateConflict(say("This user is not active."))
    user.active = False
    sessions.end_all(session, user)
    freshness.end_credentials(session, queries.key_digests(session, user.id))
    _publish(session, user, "deactivated")
    return user


def activate(session: Session, user: User) -> User:
    """Let a deactivated user sign in again. Raises StateConflict when they are active."""
    refuse_stronger(session, user)
    if user.active:
        raise errors.StateConflict(say("This user is active."))
    user.active = True
    _check_units(session, user, "user:update")
    _publish(session, user, "changed")
    return user


def hand_over(session: Session, user: User, *, to_user_id: UUID) -> User:
    """Tell every service that what the user owns and has open now belongs to another. Raises Invalid, Forbidden."""
    refuse_stronger(session, user)
    heir = session.get(User, to_user_id)
    if heir is None or not heir.active or heir.id == user.id:
        raise errors.field_error("/to_user_id", "unknown", say("Choose another active user that you see."))
    views.hand_over(session, from_user_id=user.id, to_user_id=heir.id)
    # The event needs a version of its own.
    user.updated_at = clock.now()
    _publish(session, user, "handed-over", {"to_user_id": heir.id, "to_unit_id": heir.unit_id})
    return user


def reset_password(session: Session, user: User, *, password: str | None) -> str | None:
    """Give a user a new password, to be changed at the next sign-in, and end every session.

    Answers the password when it was made up here, which is the only time anybody sees it.
    """
    refuse_stronger(session, user)
    made = None if password else passwords.generated()
    if password:
        sign_in.check_strength(password, user)
    sign_in.set_password(session, user, password or made or "", must_change=True)
    sessions.end_all(session, user)
    return made


def reset_second_factor(session: Session, user: User) -> User:
    """Take a user's second factor away and end every session: the password alone lets in until a new one is set up.

    Raises StateConflict for oneself (who gives their own up says the password) and for a user who has none.
    """
    refuse_stronger(session, user)
    if user.id == current_principal().user_id:
        raise errors.StateConflict(say("Give up your own second factor in your account, with your password."))
    credential = queries.credential(session, user.id)
    if credential is None or credential.totp_secret is None:
        raise errors.StateConflict(say("This user has no second factor."))
    credential.totp_secret, credential.totp_confirmed = None, False
    sessions.end_all(session, user)
    write_audit(
        session,
        "totp.reset",
        unit_id=user.unit_id,
        subject_type="user",
        subject_id=user.id,
        subject_name=user.username,
    )
    return user


def plant_administrator(session: Session, *, unit_id: UUID, username: str, password: str, role_id: UUID) -> User:
    """Write the first user. Their password need not be changed when somebody chose it."""
    user = User(id=ids.uuid7(), unit_id=unit_id, unit_ids=[], role_ids=[role_id], username=username)
    user.display_name, user.locale, user.active = "系统管理员", "zh-CN", True
    session.add(user)
    _publish(session, user, "created")
    sign_in.set_password(session, user, password, must_change=False)
    return user


def refuse_stronger(session: Session, user: User) -> None:
    """Raises Forbidden when the user reaches further than the caller: who could change them could become them."""
    caller = current_principal()
    if user.id != caller.user_id:
        held = roles.by_ids(session, user.role_ids)
        role_actions.refuse_beyond(caller, [role.grants for role in held], user.all_units)


def document(session: Session, user: User) -> dict[str, Any]:
    """The user's full state as its events carry it; roles by key."""
    names = ("id", "version", "username", "display_name", "email", "mobile", "unit_id", "unit_ids", "manager_id")
    keys = [role.key for role in roles.by_ids(session, user.role_ids)]
    return {name: getattr(user, name) for name in (*names, "locale", "active", "tags")} | {"roles": keys}


def _publish(session: Session, user: User, fact: str, more: dict[str, Any] | None = None) -> None:
    session.flush()
    payload = document(session, user) | (more or {})
    org.apply_user(session, payload, user.version)
    freshness.changed(session)
    caller = principal_or_none()
    outbox.record(
        session,
        f"crm.gateway.user.{fact}.v1",
        user.id,
        payload,
        version=user.version,
        unit_id=user.unit_id,
        actor_id=caller.user_id if caller else None,
    )
    write_audit(
        session,
        f"user.{fact.replace('-', '_')}",
        unit_id=user.unit_id,
        subject_type="user",
        subject_id=user.id,
        subject_name=user.username,
        roles=payload["roles"],
        units=sorted(map(str, user.all_units)),
        **(more or {}),
    )


def _resolve_role_keys(session: Session, values: dict[str, Any]) -> None:
    keys = values.pop("role_keys", None)
    if keys is None:
        return
    found = {key: role for key in keys if (role := roles.by_key(session, key))}
    unknown = [key for key in keys if key not in found]
    if unknown:
        raise errors.field_error("/role_keys", "unknown", say("There is no role {role}.", role=unknown[0]))
    values["role_ids"] = [role.id for role in found.values()]


def _check_units(session: Session, user: User, permission: str) -> None:
    """Raises Invalid unless every unit of the user is open and within the caller's reach."""
    caller = current_principal()
    with session.no_autoflush:
        open_ones = set(
            session.scalars(select(org.OrgUnit.id).where(org.OrgUnit.id.in_(user.all_units), org.OrgUnit.active))
        )
    for unit_id in user.all_units:
        pointer = "/unit_id" if unit_id == user.unit_id else "/unit_ids"
        if not caller.reaches_unit(permission, unit_id):
            raise errors.field_error(pointer, "out_of_scope", say("Choose a unit that your roles reach."))
        if unit_id not in open_ones:
            raise errors.field_error(pointer, "closed", say("Choose a unit that is open."))


def _check_people(session: Session, user: User) -> None:
    if user.manager_id is None:
        return
    with session.no_autoflush:
        known = org.users(session, [user.manager_id])
    if user.manager_id not in known or user.manager_id == user.id:
        raise errors.field_error("/manager_id", "unknown", say("Choose another user as the manager."))


def _refuse_roles_beyond(session: Session, user: User) -> None:
    """Raises Invalid for roles that do not exist or serve another company, Forbidden for those beyond own reach."""
    with session.no_autoflush:
        held = roles.by_ids(session, user.role_ids)
    above = set(org.tree().ancestors(user.unit_id))
    if len(held) != len(set(user.role_ids)) or any(role.unit_id not in above for role in held):
        raise errors.field_error("/role_ids", "unknown", say("Choose roles that serve the user's unit."))
    role_actions.refuse_beyond(current_principal(), [role.grants for role in held], user.all_units)


def _administrators(session: Session, user: User) -> int:
    """How many active group administrators there are, when the user is one of them; else 0."""
    holds = org.OrgUser.roles.contains([ADMINISTRATOR])
    mine = select(org.OrgUser.id).where(org.OrgUser.id == user.id, holds)
    with session.no_autoflush:
        if session.scalar(mine) is None:
            return 0
        return session.scalar(select(func.count()).select_from(org.OrgUser).where(holds, org.OrgUser.active)) or 0
