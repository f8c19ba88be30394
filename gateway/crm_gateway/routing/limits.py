"""Rate limits: so many calls of one caller in a minute, counted in Redis, or in this process while Redis is away."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.exceptions import RedisError

from crm_chassis import errors
from crm_chassis.settings import Settings

from ..memory import KEY_PREFIX

log = structlog.get_logger("limits")

_REST_S = 1.0
_STEPS = 100
_WINDOWS_MAX = 10_000


@dataclass(slots=True)
class _Window:
    """One caller's present window: how much all processes had used when Redis last said so, and what came since."""

    number: int
    used: int = 0
    untold: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands: the quota, what is left of it, and the seconds until it begins anew."""

    policy: str
    quota: int
    window_s: int
    left: int
    reset_s: int

    def headers(self) -> list[tuple[str, str]]:
        """``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers)."""
        return [
            ("RateLimit-Policy", f'"{self.policy}";q={self.quota};w={self.window_s}'),
            ("RateLimit", f'"{self.policy}";r={self.left};t={self.reset_s}'),
        ]


class Limits:
    """The limits of one process: of callers, and of addresses that sign in."""

    def __init__(self, settings: Settings) -> None:
        self._caller = parse(settings.request_rate)
        self._sign_in = parse(settings.sign_in_rate)
        self._alone = MemoryStorage()
        self._shared: Storage | None = None
        if settings.redis_url:
            self._shared = RedisStorage(
                settings.redis_url,
                key_prefix=f"{KEY_PREFIX}limits",
                wrap_exceptions=False,
                socket_timeout=0.5,
                socket_connect_timeout=0.5,
            )
        self._away_until = 0.0
        self._windows: dict[str, _Window] = {}

    def of_caller(self, who: str) -> Standing:
        """Count a call of a principal or, for who is not signed in, an address. Raises TooMany."""
        return self._count("principal", self._caller, who)

    def of_sign_in(self, ip: str) -> Standing:
        """Count an attempt to sign in from an address. Raises TooMany."""
        return self._count("sign-in", self._sign_in, ip)

    def _count(self, policy: str, item: RateLimitItem, who: str) -> Standing:
        window_s = item.get_expiry()
        now = time.time()
        reset_s = window_s - int(now) % window_s
        used = self._used(f"{policy}/{who}", int(now) // window_s, item)
        standing = Standing(policy, item.amount, window_s, max(0, item.amount - used), reset_s)
        if used > item.amount:
            raise errors.TooMany(headers={"Retry-After": str(reset_s), **dict(standing.headers())})
        return standing

    def _used(self, key: str, number: int, item: RateLimitItem) -> int:
        """How much of the quota is used with this call. Calls are told to Redis in steps of a hundredth of the quota."""
        window = self._windows.get(key)
        if window is None or window.number != number:
            if len(self._windows) >= _WINDOWS_MAX:
                self._windows.clear()
            window = self._windows[key] = _Window(number)
        window.untold += 1
        if window.used == 0 or window.untold >= item.amount // _STEPS:
            told, window.untold = window.untold, 0
            counted = self._increment(f"{key}/{number}", item.get_expiry(), told)
            # A Redis that lost its count, or this process' own while Redis is away, begins at nothing: the quota does not.
            window.used = max(window.used + told, counted)
        return window.used + window.untold

    def _increment(self, key: str, life_s: int, by: int) -> int:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return int(self._shared.incr(key, life_s, by))
            except RedisError as error:
                self._away_until = time.monotonic() + _REST_S
                log.warning("redis does not answer; counting in this process", error=str(error))
        return int(self._alone.incr(key, life_s, by))
