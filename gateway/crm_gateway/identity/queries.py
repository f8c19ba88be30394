"""Reading users."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from .models import ApiKey, Credential, SignIn, Token, User


def by_username(session: Session, username: str) -> User | None:
    """The user who signs in with this name, in whatever case it is written."""
    return session.scalar(select(User).where(func.lower(User.username) == username.lower()))


def active_in(session: Session, unit_id: UUID) -> int:
    """How many active users work in the unit."""
    works_here = or_(User.unit_id == unit_id, User.unit_ids.contains([unit_id]))
    return session.scalar(select(func.count()).select_from(User).where(User.active, works_here)) or 0


def ids_by_username(session: Session, names: Iterable[str]) -> dict[str, UUID]:
    """Username as written -> id, for files that name users."""
    wanted = {name.lower(): name for name in names}
    rows = session.execute(select(User.username, User.id).where(func.lower(User.username).in_(wanted)))
    return {wanted[name.lower()]: user_id for name, user_id in rows}


def credential(session: Session, user_id: UUID) -> Credential | None:
    """How the user proves who they are, locked."""
    return session.scalar(select(Credential).where(Credential.user_id == user_id).with_for_update())


def has_second_factor(session: Session, user_id: UUID) -> bool:
    """Whether the user set up a second factor and confirmed it."""
    return bool(session.scalar(select(Credential.totp_confirmed).where(Credential.user_id == user_id)))


def live_digests(session: Session, user_id: UUID, *, but: UUID | None = None) -> list[str]:
    """The digests of the tokens of the user's sessions, all but one."""
    of_sessions = (
        select(Token.digest)
        .join(SignIn, SignIn.id == Token.sign_in_id)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), Token.kind != "refresh")
    )
    if but is not None:
        of_sessions = of_sessions.where(SignIn.id != but)
    return list(session.scalars(of_sessions))


def key_digests(session: Session, user_id: UUID) -> list[str]:
    """The digests of the user's API keys."""
    return list(session.scalars(select(ApiKey.digest).where(ApiKey.owner_id == user_id)))
