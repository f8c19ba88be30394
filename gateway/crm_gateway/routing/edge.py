"""The gateway's outermost layer: what comes in is cleaned and counted, then answered here or by a service."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import structlog

from crm_chassis import app as chassis
from crm_chassis import errors, identity, ids, language, logs, metrics
from crm_chassis.language import say
from crm_chassis.service import Runtime

from ..audit.actions import origin
from ..identity import doorway
from ..identity.doorway import Visitor
from ..identity.principals import Principals
from . import proxy, rules
from .limits import Limits
from .proxies import TrustedProxies
from .upstreams import Upstream

log = structlog.get_logger("http")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

VISITOR = "banyan.visitor"
"""Where the caller is left for the gateway's own routes."""

_STRIPPED = ("HTTP_X_BANYAN_", "HTTP_X_FORWARDED_", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_ORIGINAL_")
_DOORS = frozenset({"auth/password", "auth/me", "auth/logout"})
"""Where somebody may go who must change their password first."""

_SIGN_IN = frozenset({"auth/login", "auth/token"})
_SAFETY = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]


class Edge:
    """WSGI application around the gateway's own Flask application."""

    def __init__(self, inner: Any, runtime: Runtime, upstreams: dict[str, Upstream], described: Any) -> None:
        self.inner = inner
        self.runtime = runtime
        self.upstreams = upstreams
        self.described = described
        self.limits = Limits(runtime.settings)
        self.proxies = TrustedProxies(runtime.settings.trusted_networks())
        key = runtime.settings.identity_private_key
        self.principals = Principals(identity.read_key(key) if key else None)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        started = time.perf_counter()
        self.proxies.settle(environ)
        request_id = clean(environ)
        origin.set(environ.get("REMOTE_ADDR"))
        language.begin(environ.get("HTTP_ACCEPT_LANGUAGE"))
        logs.set_request_id(request_id)
        with self.runtime.activate():
            try:
                return self._answer(environ, start_response, request_id, started)
            except errors.ProblemError as error:
                answer = chassis.problem(error)
            except chassis.DATABASE_TROUBLE as error:
                answer = chassis.database_trouble(error)
            except Exception as error:
                log.error("unexpected error", path=environ["PATH_INFO"], exc_info=error)
                answer = chassis.problem(errors.ProblemError(say("Quote the request id when you report this.")))
        answer.headers["X-Request-Id"] = request_id
        answer.headers.extend(_SAFETY)
        _note(environ, "gateway", answer.status_code, started, environ.get(VISITOR))
        return answer(environ, start_response)

    def _answer(self, environ: Environ, start_response: StartResponse, request_id: str, started: float) -> Any:
        path = environ["PATH_INFO"]
        if not path.startswith(rules.API):
            return self._here(environ, start_response, [])
        service = rules.service_of(path, self.described) or "gateway"
        visitor = self._visitor(environ, path)
        standing = self._count(environ, path, visitor)
        if service == "gateway":
            return self._here(environ, start_response, standing.headers())
        if visitor is None and not rules.is_open(path):
            raise errors.Unauthenticated
        upstream = self.upstreams.get(service)
        if upstream is None:
            raise errors.Unavailable(say("This part of the system is not installed here."), code="no_upstream")
        environ["banyan.headers"] = standing.headers()
        return self._there(upstream, environ, start_response, request_id, started)

    def _visitor(self, environ: Environ, path: str) -> Visitor | None:
        below = path.removeprefix(rules.API).rstrip("/")
        if rules.is_open(path) or below in _SIGN_IN or below == "openapi.json" or below.startswith("docs"):
            return None
        settings = self.runtime.settings
        found = doorway.visitor(environ, settings, self.principals, open_door=below in _DOORS)
        environ[VISITOR] = found
        if found is not None:
            language.prefer(found.known.principal.locale)
        return found

    def _count(self, environ: Environ, path: str, visitor: Visitor | None) -> Any:
        address = environ.get("REMOTE_ADDR", "")
        if path.removeprefix(rules.API).rstrip("/") in _SIGN_IN:
            return self.limits.of_sign_in(address)
        return self.limits.of_caller(str(visitor.caller.user_id) if visitor else address)

    def _here(self, environ: Environ, start_response: StartResponse, more: list[tuple[str, str]]) -> Any:
        """The gateway's own application answers."""

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            named = {name.lower() for name, _ in headers}
            extra = [pair for pair in [*_SAFETY, *more] if pair[0].lower() not in named]
            return start_response(status, [*headers, *extra], *rest)

        return self.inner(environ, begin)

    def _there(
        self, upstream: Upstream, environ: Environ, start_response: StartResponse, request_id: str, started: float
    ) -> Iterable[bytes]:
        """A service answers."""
        visitor: Visitor | None = environ.get(VISITOR)
        token = self.principals.token(visitor.known, upstream.service) if visitor else None
        headers = proxy.headers_for(
            environ,
            token=token,
            request_id=request_id,
            traceparent=rules.traceparent(environ.get("HTTP_TRACEPARENT")) or new_traceparent(),
            keep_own=rules.is_open(environ["PATH_INFO"]),
        )
        body = proxy.Body(environ, self.runtime.settings.request_bytes_max)
        if not body.repeatable and body.length is not None:
            headers["content-length"] = str(body.length)
        answer, slot = proxy.forward(upstream, environ, target_of(environ), headers, body)
        if not proxy.is_ours_to_show(answer):
            answer.close()
            slot.give_back()
            raise errors.Unavailable(code="upstream_failed", headers={"Retry-After": "1"})
        _note(environ, upstream.service, answer.status, started, visitor)
        small = proxy.whole(answer, slot)
        pieces: Iterable[bytes] = proxy.Answer(answer, slot) if small is None else small
        back = [*proxy.headers_back(answer), ("X-Request-Id", request_id), *_SAFETY, *environ["banyan.headers"]]
        start_response(f"{answer.status} {answer.reason or ''}".strip(), back)
        return pieces


def clean(environ: Environ) -> str:
    """Take out what only we may say, and settle the request's id."""
    for name in [name for name in environ if name.startswith(_STRIPPED)]:
        del environ[name]
    request_id = rules.request_id(environ.get("HTTP_X_REQUEST_ID")) or str(ids.uuid7())
    environ["HTTP_X_REQUEST_ID"] = request_id
    return request_id


def target_of(environ: Environ) -> str:
    """The path and query to ask the service for, as the client wrote them."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw and raw.startswith("/"):
        return str(raw)
    path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    return f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path


def new_traceparent() -> str:
    """A trace that begins here (W3C trace context)."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def _note(environ: Environ, service: str, status: int, started: float, visitor: Visitor | None) -> None:
    took, method = time.perf_counter() - started, metrics.method_label(environ["REQUEST_METHOD"])
    route = f"-> {service}"
    metrics.REQUESTS.labels(route, method, status).inc()
    metrics.LATENCY.labels(route, method).observe(took)
    log.info(
        "request",
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        service=service,
        status=status,
        ms=round(took * 1000, 1),
        user=visitor.known.principal.username if visitor else None,
    )
