"""The health of the whole system, for people and for the edge of the installation."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from flask import Response, current_app
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from crm_chassis import jobs, outbox
from crm_chassis.database import system_transaction
from crm_chassis.http import Blueprint, json_response
from crm_chassis.identity import requires

from .upstreams import Upstream

blueprint = Blueprint("system", __name__, url_prefix="/system")

_PATIENCE = Timeout(connect=1.0, read=2.0)


@blueprint.get("/health")
@requires("system:read")
def health() -> Response:
    """Whether each service is ready, how fast it answers, and what waits in the gateway itself."""
    behind: dict[str, Upstream] = current_app.extensions["edge"].upstreams
    with ThreadPoolExecutor(max_workers=max(1, len(behind))) as pool:
        found = list(pool.map(_asked, behind.values()))
    with system_transaction() as session:
        own = {"service": "gateway", "ready": True, "lag": outbox.lag(session) | jobs.lag(session)}
    services = [own, *found]
    return json_response({"ready": all(each["ready"] for each in services), "services": services})


def _asked(upstream: Upstream) -> dict[str, Any]:
    """What a service says of itself; asked past breaker and bulkhead, because health is what they are judged by."""
    began = time.monotonic()
    seen: dict[str, Any] = {"service": upstream.service, "ready": False, "breaker": upstream.breaker.state}
    try:
        answer = upstream.pool.request("GET", f"{upstream.prefix}/readyz", timeout=_PATIENCE, retries=False)
    except HTTPError:
        return seen
    seen |= {"ready": answer.status == 200, "ms": round((time.monotonic() - began) * 1000, 1)}
    if "json" in answer.headers.get("Content-Type", ""):
        said = orjson.loads(answer.data)
        seen |= {name: said[name] for name in ("lag", "detail") if name in said}
    return seen
