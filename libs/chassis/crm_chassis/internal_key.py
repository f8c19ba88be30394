"""The key with which the services of a system open their internal addresses to each other, and to nobody else."""

from __future__ import annotations

from hmac import compare_digest

from flask import request

from .errors import Unauthenticated
from .language import say
from .settings import Settings


def internal_headers(settings: Settings) -> dict[str, str]:
    """The headers with which a peer is asked."""
    return {"Authorization": f"Bearer {settings.internal_key}"}


def demand_internal_key(settings: Settings) -> None:
    """Let only a peer ask. Raises Unauthenticated, also where no key is set."""
    given = request.headers.get("Authorization", "").encode()
    if not settings.internal_key or not compare_digest(given, internal_headers(settings)["Authorization"].encode()):
        raise Unauthenticated(say("This address is for the services of the system; send the internal key."))
