"""Idempotency-Key: a repeated POST gets the first one's answer, and its effects happen once.

The key is stored in the transaction of the write itself, so there is no moment at which one exists without the other.
A secret that an answer shows is not stored with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy import LargeBinary, String, delete, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .database import transaction
from .errors import BadRequest, Invalid, StateConflict
from .identity import principal_or_none
from .language import say
from .schedules import Schedule
from .tables import ChassisBase

KEEP = timedelta(hours=72)
HEADER = "Idempotency-Key"
_LONGEST = 200
_KEY = re.compile(rf"[!-~]{{1,{_LONGEST}}}")


class StoredAnswer(ChassisBase):
    """The answer that a keyed POST got, by caller, route and key."""

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(String(80), primary_key=True)
    route: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(_LONGEST), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True, default=clock.now)


_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:identity, 0))")


def once(view: Callable[[], Response], *, required: bool, hidden: frozenset[str] = frozenset()) -> Response:
    """Answer a POST, at most once per key. Raises BadRequest when a required key is missing.

    The same key with another body is Invalid (422); a first call still running is a StateConflict (409). ``hidden``
    names the answer's secrets: who repeats the call gets null for them.
    """
    key = request.headers.get(HEADER)
    caller = principal_or_none()
    if key is None or caller is None:
        if required and caller is not None:
            require_key()
        return view()
    if not _KEY.fullmatch(key):
        raise BadRequest(
            say("{header} has 1 to {most} visible ASCII characters.", header=HEADER, most=_LONGEST),
            code="key_invalid",
        )
    identity = (str(caller.user_id), f"{request.method} {request.path}"[:300], key)
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    with transaction() as session:
        if not session.scalar(_LOCK, {"identity": "\x1f".join(identity)}):
            raise StateConflict(
                say("The first call with this key is still running; ask again."),
                code="key_in_use",
                headers={"Retry-After": "1"},
            )
        known = session.get(StoredAnswer, identity)
        if known is not None:
            return _replay(known, body_hash)
        answer = view()
        session.add(_stored(identity, body_hash, answer, hidden))
        return answer


def require_key() -> None:
    """Raises BadRequest when the request has no key."""
    if HEADER not in request.headers:
        raise BadRequest(
            say("Send an {header} header, so that a repeated call does nothing twice.", header=HEADER),
            code="key_missing",
        )


def _replay(known: StoredAnswer, body_hash: str) -> Response:
    if known.body_hash != body_hash:
        raise Invalid(
            say("This {header} was used with another body; take a new one.", header=HEADER), code="key_reused"
        )
    answer = Response(known.body, status=known.status, headers=known.headers)
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _stored(identity: tuple[str, str, str], body_hash: str, answer: Response, hidden: frozenset[str]) -> StoredAnswer:
    principal, route, key = identity
    headers = {name: answer.headers[name] for name in ("Content-Type", "ETag", "Location") if name in answer.headers}
    return StoredAnswer(
        principal=principal,
        route=route,
        key=key,
        body_hash=body_hash,
        status=answer.status_code,
        headers=headers,
        body=_without(hidden, answer.get_data()),
    )


def _without(hidden: frozenset[str], body: bytes) -> bytes:
    if not hidden or not body:
        return body
    shown = orjson.loads(body)
    return orjson.dumps(shown | {name: None for name in hidden if name in shown})


def forget_old(session: Session) -> None:
    """Remove answers older than 72 hours."""
    session.execute(delete(StoredAnswer).where(StoredAnswer.created_at < clock.now() - KEEP))


RETENTION = Schedule(name="idempotency.retention", every_s=3600, run=forget_old)
