"""Password hashes: argon2id with the parameters OWASP recommends (19 MiB, 2 passes)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import get_hub
from gevent.monkey import is_module_patched

R = TypeVar("R")

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def hashed(password: str) -> str:
    """The hash to store."""
    return _beside(lambda: _hasher.hash(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the one stored; without one stored it takes the same time and is False."""
    return _beside(lambda: _verify(stored or _nobody(), password)) and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def generated() -> str:
    """A password that can be read out and typed: four groups of four, 80 bits."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return "-".join(word[at : at + 4] for at in range(0, 16, 4))


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex())


def _beside(work: Callable[[], R]) -> R:
    """Do it on a thread of gevent's pool when gevent runs this process: a hash takes 20 ms, others must not wait."""
    if not is_module_patched("threading"):
        return work()
    return get_hub().threadpool.apply(work)
