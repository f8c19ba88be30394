"""Who holds this credential: from Redis in one round trip, from the database when Redis does not know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_chassis import clock, errors
from crm_chassis.database import system_transaction
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from .. import freshness
from ..memory import memory
from . import rules
from .models import ApiKey, SignIn, Token, User

KNOWN_FOR_S = 60
_SEEN_EVERY = timedelta(seconds=30)

KEY_MARK = "bk_"
BROWSER_MARK = "bs_"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credential it is. session_id: the session or, for API keys, the key. scopes: None means all of the user's."""

    user_id: UUID
    session_id: UUID
    kind: str
    must_change: bool = False
    scopes: frozenset[str] | None = None


def resolve(secret: str) -> tuple[Caller, str]:
    """The holder of a credential, and the generation that holds now. Raises Unauthenticated."""
    shared = memory(current_runtime().settings.redis_url)
    digest = rules.digest(secret)
    remembered, generation = shared.get(f"caller:{digest}", freshness.GENERATION)
    if remembered == freshness.ENDED:
        raise errors.Unauthenticated(say("Sign in again: this session was ended."))
    if remembered is not None:
        caller = _read(remembered)
    else:
        caller, life_s = _asked(secret, digest)
        shared.put(f"caller:{digest}", _written(caller), life_s=min(KNOWN_FOR_S, life_s))
    return caller, generation.decode() if generation else freshness.generation_now()


def forget(secret: str) -> None:
    """Look this credential up again at its next use."""
    memory(current_runtime().settings.redis_url).forget(f"caller:{rules.digest(secret)}")


def _asked(secret: str, digest: str) -> tuple[Caller, int]:
    """The holder by the database, and for how many seconds that is sure to hold."""
    with system_transaction() as session:
        return _of_key(session, digest) if secret.startswith(KEY_MARK) else _of_session(session, digest)


def _of_session(session: Session, digest: str) -> tuple[Caller, int]:
    now = clock.now()
    found = session.execute(
        select(Token, SignIn, User.active, User.must_change_password)
        .join(SignIn, SignIn.id == Token.sign_in_id)
        .join(User, User.id == SignIn.user_id)
        .where(Token.digest == digest)
    ).first()
    if found is None:
        raise errors.Unauthenticated
    token, sign_in, active, must_change = found
    holds = rules.alive(now=now, seen_at=sign_in.seen_at, expires_at=sign_in.expires_at, ended_at=sign_in.ended_at)
    if token.kind == "refresh" or token.expires_at <= now or not holds or not active:
        raise errors.Unauthenticated(say("Sign in again: this session is over."))
    if now - sign_in.seen_at > _SEEN_EVERY:
        session.execute(update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=now))
    caller = Caller(sign_in.user_id, sign_in.id, token.kind, must_change)
    return caller, int((token.expires_at - now).total_seconds())


def _of_key(session: Session, digest: str) -> tuple[Caller, int]:
    now = clock.now()
    found = session.execute(
        select(ApiKey, User.id, User.active).join(User, User.id == ApiKey.owner_id).where(ApiKey.digest == digest)
    ).first()
    if found is None:
        raise errors.Unauthenticated(say("This API key is not known."))
    key, owner_id, active = found
    if not key.active or not active or (key.expires_at and key.expires_at <= now):
        raise errors.Unauthenticated(say("This API key was withdrawn or has expired."))
    session.execute(
        update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now),
        execution_options={"synchronize_session": False},
    )
    life_s = int((key.expires_at - now).total_seconds()) if key.expires_at else KNOWN_FOR_S
    return Caller(owner_id, key.id, "key", False, frozenset(key.scopes)), life_s


def _written(caller: Caller) -> bytes:
    return orjson.dumps({**asdict(caller), "scopes": sorted(caller.scopes) if caller.scopes is not None else None})


def _read(raw: bytes) -> Caller:
    values = orjson.loads(raw)
    scopes = values["scopes"]
    return Caller(
        UUID(values["user_id"]),
        UUID(values["session_id"]),
        values["kind"],
        values["must_change"],
        frozenset(scopes) if scopes is not None else None,
    )
