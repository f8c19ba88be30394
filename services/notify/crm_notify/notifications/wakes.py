"""Telling the processes that hold live streams that something came, through Redis where there is one.

It is a hint: a stream that hears nothing looks into the table by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from crm_chassis.service import current_runtime

log = structlog.get_logger("wakes")

CHANNEL = "banyan:notify:wakes"
_TIMEOUT_S = 1.0


@lru_cache(maxsize=8)
def connection(url: str) -> Redis:
    """The process's client of a Redis server."""
    return Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, decode_responses=True)


def after_commit(session: Session, recipients: Iterable[UUID]) -> None:
    """Wake the recipients' streams as soon as the session's transaction has committed."""
    url, message = current_runtime().settings.redis_url, ",".join(map(str, sorted(recipients)))
    if url and message:
        event.listen(session, "after_commit", lambda _session: _publish(url, message), once=True)


def _publish(url: str, message: str) -> None:
    try:
        connection(url).publish(CHANNEL, message)
    except RedisError as error:
        log.warning("wake_failed", error=str(error))
