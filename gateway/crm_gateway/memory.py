"""What the gateway's processes remember together, in Redis: resolved credentials, and which generation of roles holds.

Redis is only a copy of what the database knows: when it is away, every question goes to the database.
"""

from __future__ import annotations

import time
from functools import lru_cache

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger("memory")

KEY_PREFIX = "banyan:gateway:"
_REST_S = 1.0
"""How long Redis is left alone after it failed, so that its time-out is not paid by every request."""


class Memory:
    """Short-lived keys shared by the gateway's processes. Nothing here raises: what is not known is None."""

    def __init__(self, url: str) -> None:
        self._redis = (
            Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5, health_check_interval=30)
            if url
            else None
        )
        self._away_until = 0.0

    @property
    def usable(self) -> bool:
        """Whether there is a Redis and it has not just failed."""
        return self._redis is not None and time.monotonic() >= self._away_until

    def get(self, *keys: str) -> list[bytes | None]:
        """The values of the keys, in one round trip."""
        if self._redis is None or not self.usable:
            return [None] * len(keys)
        try:
            return list(self._redis.mget([KEY_PREFIX + key for key in keys]))  # type: ignore[arg-type]  # bytes, undecoded
        except RedisError as error:
            self._failed(error)
            return [None] * len(keys)

    def put(self, key: str, value: bytes, *, life_s: int, replace: bool = False) -> None:
        """Keep a value for ``life_s`` seconds; one that is there already stays unless ``replace``."""
        if self._redis is None or not self.usable:
            return
        try:
            self._redis.set(KEY_PREFIX + key, value, ex=max(1, life_s), nx=not replace)
        except RedisError as error:
            self._failed(error)

    def forget(self, *keys: str) -> None:
        """Drop keys."""
        if self._redis is None or not keys or not self.usable:
            return
        try:
            self._redis.delete(*(KEY_PREFIX + key for key in keys))
        except RedisError as error:
            self._failed(error)

    def _failed(self, error: RedisError) -> None:
        self._away_until = time.monotonic() + _REST_S
        log.warning("redis does not answer; asking the database instead", error=str(error))


@lru_cache(maxsize=8)
def memory(url: str) -> Memory:
    """The memory behind a Redis URL; the empty URL remembers nothing."""
    return Memory(url)
