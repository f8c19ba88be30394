"""The health of the whole system, for people and for the edge of the installation.

``/metrics`` and ``/readyz`` are open inside an installation; the gateway's address is not inside, so here they are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest
from typing import Any

import orjson
from flask import Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from crm_chassis import errors, standing
from crm_chassis.database import system_transaction
from crm_chassis.http import Blueprint, json_response
from crm_chassis.identity import requires
from crm_chassis.internal_key import internal_headers
from crm_chassis.service import Runtime, current_runtime

from .upstreams import Upstream

blueprint = Blueprint("system", __name__, url_prefix="/system")

_PATIENCE = Timeout(connect=1.0, read=2.0)
_READY_KEPT_S = 1.0


@blueprint.get("/health")
@requires("system:read")
def health() -> Response:
    """Whether each service is ready, how fast it answers, and what waits in it."""
    behind: dict[str, Upstream] = current_app.extensions["edge"].upstreams
    key = internal_headers(current_runtime().settings)
    with ThreadPoolExecutor(max_workers=max(1, len(behind))) as pool:
        found = list(pool.map(lambda upstream: _asked(upstream, key), behind.values()))
    with system_transaction() as session:
        own = {"service": "gateway", "ready": True, "lag": standing.lag(session)}
    services = [own, *found]
    return json_response({"ready": all(each["ready"] for each in services), "services": services})


def _asked(upstream: Upstream, key: dict[str, str]) -> dict[str, Any]:
    """What a service says of itself; asked past breaker and bulkhead, because health is what they are judged by."""
    began = time.monotonic()
    seen: dict[str, Any] = {"service": upstream.service, "ready": False, "breaker": upstream.breaker.state}
    try:
        answer = _ask(upstream, "/readyz")
        seen |= {"ready": answer.status == 200, "ms": round((time.monotonic() - began) * 1000, 1)}
        said = _said(answer)
        # One of the release before tells what waits with its readiness.
        seen |= {name: said[name] for name in ("lag", "detail") if name in said}
        if seen["ready"] and (lag := _said(_ask(upstream, standing.PATH, key))) and "outbox" in lag:
            seen["lag"] = lag
    except HTTPError:
        return seen
    return seen


def _ask(upstream: Upstream, path: str, headers: dict[str, str] | None = None) -> Any:
    return upstream.pool.request("GET", f"{upstream.prefix}{path}", headers=headers, timeout=_PATIENCE, retries=False)


def _said(answer: Any) -> dict[str, Any]:
    is_json = "json" in answer.headers.get("Content-Type", "")
    return dict(orjson.loads(answer.data)) if is_json else {}


def outward(runtime: Runtime) -> Callable[[], Response | None]:
    """What is asked before each route: ``/metrics`` is for the holder of the key, ``/readyz`` costs next to nothing."""
    readiness = Readiness()
    key = runtime.settings.metrics_key
    expected = f"Bearer {key}".encode()

    def asked() -> Response | None:
        # By the rule, not the path: an address may be written in several ways.
        rule = request.url_rule.rule if request.url_rule else ""
        given = request.headers.get("Authorization", "").encode()
        if rule == "/metrics" and not (key and compare_digest(given, expected)):
            raise errors.NotFound
        if rule != "/readyz":
            return None
        if runtime.draining or not readiness.known():
            raise errors.Unavailable(headers={"Retry-After": "1"})
        return json_response({"status": "ok"})

    return asked


class Readiness:
    """Whether the gateway's database answers; it is asked once a second at most, however many want to know."""

    def __init__(self) -> None:
        self._known = False
        self._until = 0.0

    def known(self) -> bool:
        """What is known of it, a second old at most."""
        now = time.monotonic()
        if now >= self._until:
            # Set first: whoever comes while the database is being asked gets what was known before.
            self._until = now + _READY_KEPT_S
            self._known = _database_answers()
        return self._known


def _database_answers() -> bool:
    try:
        with system_transaction() as session:
            session.connection()
    except SQLAlchemyError:
        return False
    return True
