"""Who is calling, read off the request: the cookie of a browser, or the bearer token of a client or machine."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from werkzeug.http import parse_cookie

from crm_chassis import errors
from crm_chassis.language import say
from crm_chassis.settings import Settings

from . import callers, sessions
from .callers import Caller
from .principals import Known, Principals

SECURE_COOKIE, PLAIN_COOKIE = "__Host-banyan", "banyan"
CSRF_HEADER = "HTTP_X_CSRF_TOKEN"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

Environ = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever calls: the credential's holder, what they may do, and the secret they showed."""

    caller: Caller
    known: Known
    secret: str


def visitor(environ: Environ, settings: Settings, principals: Principals, *, open_door: bool = False) -> Visitor | None:
    """The caller; None without a credential. Raises Unauthenticated for one that does not hold.

    A browser's unsafe calls need the CSRF header (Forbidden). ``open_door``: somebody who must change their password
    first may come in here all the same.
    """
    secret, by_cookie = _secret(environ, settings)
    if secret is None:
        return None
    caller, generation = callers.resolve(secret)
    if by_cookie != (caller.kind == "browser"):
        raise errors.Unauthenticated(say("This credential belongs somewhere else."))
    if by_cookie and environ["REQUEST_METHOD"] not in _SAFE:
        _check_csrf(environ, secret, settings)
    known = principals.of(caller.user_id, caller.scopes, generation)
    if known is None:
        raise errors.Unauthenticated(say("This user is not active."))
    if caller.must_change and not open_door:
        raise errors.Forbidden(say("Change your password first, at /auth/password."), code="password_change_required")
    return Visitor(caller, known, secret)


def cookie_name(environ: Environ, settings: Settings) -> str:
    """The session cookie's name; the ``__Host-`` kind wherever a browser takes secure cookies: https and loopback."""
    return SECURE_COOKIE if is_secure(environ, settings) else PLAIN_COOKIE


def is_secure(environ: Environ, settings: Settings) -> bool:
    """Whether the browser sees us over https, or on its own machine, which it trusts as much."""
    host = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
    by_tls = environ.get("wsgi.url_scheme") == "https" or settings.public_url.startswith("https://")
    return by_tls or host in _LOOPBACK


def check_origin(environ: Environ, settings: Settings) -> None:
    """Raises Forbidden when another site's page makes this call: nobody is to be signed in as somebody else."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is None and environ.get("HTTP_SEC_FETCH_SITE", "none") in {"none", "same-origin"}:
        return
    if origin is None or urlsplit(origin).netloc not in {
        environ.get("HTTP_HOST"),
        urlsplit(settings.public_url).netloc,
    }:
        raise errors.Forbidden(say("Sign in from our own pages."), code="wrong_origin")


def _secret(environ: Environ, settings: Settings) -> tuple[str | None, bool]:
    kind, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip(), False
    cookies = environ.get("HTTP_COOKIE")
    if not cookies:
        return None, False
    value = parse_cookie(cookies).get(cookie_name(environ, settings), "")
    return (value, True) if value else (None, False)


def _check_csrf(environ: Environ, secret: str, settings: Settings) -> None:
    given = environ.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), sessions.csrf_token(secret, settings.signing_key).encode()):
        raise errors.Forbidden(say("Send the X-CSRF-Token that sign-in answered."), code="csrf")
