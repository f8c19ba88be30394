"""A gateway in front of a small real service in a thread of its own, with real sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask, Response, request
from gateway.gateway_bench import ADMIN_PASSWORD, GatewayBench
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from crm_chassis.app import create_app
from crm_chassis.service import Runtime


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Say nothing."""


class Service:
    """A small service that does what a test tells it to, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.reply: Callable[[], Any] = lambda: {"ok": True}
        app = Flask("upstream")
        app.add_url_rule("/", "all", self._all, defaults={"path": ""}, methods=["GET", "POST", "PATCH", "DELETE"])
        app.add_url_rule("/<path:path>", "all", self._all, methods=["GET", "POST", "PATCH", "DELETE"])
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def _all(self, path: str) -> Any:  # noqa: ARG002  the route's converter gives it
        seen = {"method": request.method, "target": request.full_path.rstrip("?"), "headers": dict(request.headers)}
        self.asked.append(seen | {"body": request.get_data()})
        return self.reply()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)


class World:
    """A gateway in front of the small service."""

    def __init__(self, bench: GatewayBench, url: str) -> None:
        peers = {"sales": url, "customer": url, "service-desk": url, "notify": url}
        self.runtime = Runtime(bench.service, replace(bench.settings, peers=peers, request_bytes_max=200_000))
        self.app = create_app(self.runtime)
        self.edge = self.app.extensions["edge"]
        self.token = bench.person("admin", ADMIN_PASSWORD).token

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        client = self.app.test_client(use_cookies=False)
        return client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def close(self) -> None:
        for upstream in self.edge.upstreams.values():
            upstream.pool.close()
        self.runtime.close()


def failing(times: int, status: int = 503, headers: dict[str, str] | None = None) -> Callable[[], Any]:
    """A reply that fails so many times, then works."""
    left = [times]

    def reply() -> Any:
        if left[0] > 0:
            left[0] -= 1
            return Response("down", status=status, headers=headers)
        return {"ok": True}

    return reply
