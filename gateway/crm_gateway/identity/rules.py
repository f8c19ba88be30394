"""Pure decisions about passwords, lockout and sessions."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from crm_chassis.language import Sentence, say

PASSWORD_LEAST, PASSWORD_MOST = 10, 200

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
ACCESS_LIFE = timedelta(minutes=15)

_FREE_FAILURES = 5
_FIRST_LOCK_S = 2
_LONGEST_LOCK_S = 900
SIDE_BY_SIDE_MAX = 25
"""Attempts of one name from one address that may be under way at once; several devices sign in together at times."""

FORGOTTEN_AFTER = timedelta(hours=24)
"""Failures older than this no longer count."""


def weakness(password: str, *names: str | None) -> Sentence | None:
    """Why a password is too weak, or None.

    Length is what counts (NIST SP 800-63B): 10 to 200 characters, not a name of its owner, not a few over and over.
    """
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        return say(
            "Use {least} to {most} characters.",
            least=PASSWORD_LEAST,
            most=PASSWORD_MOST,
        )
    if any(name and password.casefold() == name.casefold() for name in names):
        return say("Do not use your own name.")
    if len(set(password)) < 4:
        return say("Use more different characters.")
    return None


def lock_s(failures: int) -> int:
    """How long the next attempt must wait after that many failures in a row: 2, 4, 8 … seconds, 15 minutes at most."""
    over = failures - _FREE_FAILURES
    return min(_FIRST_LOCK_S * 2**over, _LONGEST_LOCK_S) if over >= 0 else 0


def alive(*, now: datetime, seen_at: datetime, expires_at: datetime, ended_at: datetime | None) -> bool:
    """Whether a session still holds: not ended, used within 12 hours, begun within 7 days."""
    return ended_at is None and now < expires_at and now - seen_at < IDLE


def digest(secret: str) -> str:
    """What is stored of a token: its SHA-256 as hex. Tokens have 256 random bits, so no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
