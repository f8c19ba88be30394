"""Sessions: opening, refreshing, ending."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from crm_chassis import clock, errors
from crm_chassis.language import say

from .. import freshness
from ..audit.actions import record as write_audit
from . import queries, rules
from .models import SignIn, Token, User

_RANDOM_BYTES = 32


@dataclass(frozen=True)
class Pair:
    """What an API client holds after it signed in or refreshed."""

    access_token: str
    refresh_token: str
    expires_in: int


def open_session(session: Session, user_id: UUID, kind: str, *, ip: str | None, user_agent: str | None) -> SignIn:
    """Begin a session of a user who has proved who they are."""
    row = SignIn(
        user_id=user_id,
        kind=kind,
        expires_at=clock.now() + rules.LONGEST,
        ip=ip,
        user_agent=(user_agent or "")[:300] or None,
    )
    session.add(row)
    session.flush()
    return row


def cookie_of(session: Session, sign_in: SignIn) -> str:
    """The token a browser keeps for the session's whole life."""
    return _issue(session, sign_in, "browser", "bs", sign_in.expires_at)


def pair_of(session: Session, sign_in: SignIn) -> Pair:
    """A fresh access token (15 minutes) and refresh token (12 hours, once)."""
    now = clock.now()
    access = _issue(session, sign_in, "access", "ba", min(now + rules.ACCESS_LIFE, sign_in.expires_at))
    refresh = _issue(session, sign_in, "refresh", "br", min(now + rules.IDLE, sign_in.expires_at))
    return Pair(access, refresh, int(rules.ACCESS_LIFE.total_seconds()))


def refreshed(session: Session, refresh_token: str) -> Pair | None:
    """A new pair for a refresh token.

    None when the token was used before: then the whole session has been ended, because two parties hold it. Raises
    Unauthenticated when it is unknown, expired, or its session is over.
    """
    token = session.scalar(select(Token).where(Token.digest == rules.digest(refresh_token)).with_for_update())
    if token is None or token.kind != "refresh" or token.expires_at <= clock.now():
        raise errors.Unauthenticated(say("Sign in again: this refresh token is not known or has expired."))
    sign_in = session.get_one(SignIn, token.sign_in_id)
    user = session.get(User, sign_in.user_id)
    if user is None or not user.active or not _alive(sign_in, clock.now()):
        raise errors.Unauthenticated(say("Sign in again: this session is over."))
    if token.used_at is not None:
        end(session, sign_in, user, reason="refresh_token_reused")
        return None
    token.used_at = sign_in.seen_at = clock.now()
    freshness.end_credentials(session, _digests(session, sign_in.id, "access"))
    session.execute(delete(Token).where(Token.sign_in_id == sign_in.id, Token.kind == "access"))
    return pair_of(session, sign_in)


def end(session: Session, sign_in: SignIn, user: User, *, reason: str = "signed_out") -> None:
    """End one session; its tokens are refused from the commit on."""
    if sign_in.ended_at is not None:
        return
    sign_in.ended_at = clock.now()
    freshness.end_credentials(session, _digests(session, sign_in.id))
    write_audit(
        session,
        "sign_in.ended",
        unit_id=user.unit_id,
        subject_type="user",
        subject_id=user.id,
        subject_name=user.username,
        session_id=sign_in.id,
        reason=reason,
    )


def end_all(session: Session, user: User, *, but: UUID | None = None) -> int:
    """End every session of a user, all but one when named; answers how many there were."""
    freshness.end_credentials(session, queries.live_digests(session, user.id, but=but))
    mine = update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    if but is not None:
        mine = mine.where(SignIn.id != but)
    ended = len(session.execute(mine.values(ended_at=clock.now()).returning(SignIn.id)).all())
    if ended:
        write_audit(
            session,
            "sign_in.all_ended",
            unit_id=user.unit_id,
            subject_type="user",
            subject_id=user.id,
            subject_name=user.username,
            sessions=ended,
        )
    return ended


def of_user(session: Session, user_id: UUID) -> list[SignIn]:
    """The user's living sessions, the one used last first."""
    now = clock.now()
    mine = select(SignIn).where(
        SignIn.user_id == user_id,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now,
        SignIn.seen_at > now - rules.IDLE,
    )
    return list(session.scalars(mine.order_by(SignIn.seen_at.desc()).limit(200)))


def csrf_token(cookie: str, signing_key: str) -> str:
    """What a browser must send along with the cookie on unsafe calls; only who holds the cookie can learn it."""
    return hmac.new(signing_key.encode(), b"csrf " + cookie.encode(), sha256).hexdigest()


def forget_old(session: Session) -> None:
    """Remove expired tokens and sessions that ended, or lapsed, more than 30 days ago; a schedule."""
    now = clock.now()
    session.execute(delete(Token).where(Token.expires_at < now - rules.LONGEST))
    long_ago = now - 4 * rules.LONGEST
    session.execute(delete(SignIn).where(or_(SignIn.ended_at < long_ago, SignIn.expires_at < long_ago)))


def _alive(row: SignIn, now: datetime) -> bool:
    return rules.alive(now=now, seen_at=row.seen_at, expires_at=row.expires_at, ended_at=row.ended_at)


def _issue(session: Session, sign_in: SignIn, kind: str, mark: str, expires_at: datetime) -> str:
    secret = f"{mark}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    session.add(Token(digest=rules.digest(secret), sign_in_id=sign_in.id, kind=kind, expires_at=expires_at))
    return secret


def _digests(session: Session, sign_in_id: UUID, kind: str | None = None) -> list[str]:
    statement = select(Token.digest).where(Token.sign_in_id == sign_in_id)
    return list(session.scalars(statement.where(Token.kind == kind) if kind else statement))
