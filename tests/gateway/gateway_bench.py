"""A gateway under test, and the people and companies its tests are about."""

from __future__ import annotations

from typing import Any

import orjson
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from crm_chassis import ids
from crm_chassis.testing import Bench

ADMIN_PASSWORD = "correct horse battery"
PASSWORD = "a long enough secret"


class GatewayBench(Bench):
    """The bench with what the gateway needs besides: an empty Redis, and signing in over HTTP."""

    def start_over(self) -> None:
        Redis.from_url(self.settings.redis_url).flushall()
        self.clean()

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def call(self, method: str, path: str, json: Any = None, *, token: str | None = None, **more: Any) -> TestResponse:
        """One request as an API client, with a bearer token or as nobody."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if "version" in more:
            headers["If-Match"] = f'"{more.pop("version")}"'
        if json is not None:
            more |= {"data": orjson.dumps(json, default=str), "content_type": "application/json"}
        client = self.app.test_client(use_cookies=False)
        return client.open(
            path if path.startswith("/api/") else f"/api/v1{path}", method=method, headers=headers, **more
        )

    def person(self, username: str, password: str) -> Person:
        """Somebody who signed in for a token."""
        answer = self.call(
            "POST", "/auth/token", {"grant_type": "password", "username": username, "password": password}
        )
        assert answer.status_code == 200, answer.text
        return Person(self, answer.json["access_token"], answer.json["refresh_token"])


class Person:
    """A signed-in API client."""

    def __init__(self, bench: GatewayBench, token: str, refresh_token: str = "") -> None:
        self.bench = bench
        self.token = token
        self.refresh_token = refresh_token

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.bench.call("GET", path, token=self.token, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        more.setdefault("headers", {}).setdefault("Idempotency-Key", str(ids.uuid7()))
        return self.bench.call("POST", path, json, token=self.token, **more)

    def patch(self, path: str, json: Any, **more: Any) -> TestResponse:
        return self.bench.call("PATCH", path, json, token=self.token, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.bench.call("DELETE", path, token=self.token, **more)

    def made(self, path: str, json: Any) -> dict[str, Any]:
        """What a POST created."""
        answer = self.post(path, json)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json

    def root(self) -> str:
        return self.get("/org-units?kind=group").json["items"][0]["id"]

    def unit(self, code: str, parent: str | None = None, kind: str = "subsidiary") -> str:
        body = {"code": code, "name": f"{code}公司", "kind": kind, "parent_id": parent or self.root()}
        return self.made("/org-units", body)["id"]

    def role_id(self, key: str) -> str:
        return self.get(f"/roles?key={key}").json["items"][0]["id"]

    def user(self, username: str, unit_id: str, *roles: str, **more: Any) -> dict[str, Any]:
        body = {"username": username, "display_name": username.title(), "unit_id": unit_id, "role_keys": list(roles)}
        body |= {"password": PASSWORD, "must_change_password": False}
        return self.made("/users", body | more)

    def colleague(self, username: str, unit_id: str, *roles: str, **more: Any) -> Person:
        """Somebody new, signed in."""
        self.user(username, unit_id, *roles, **more)
        return self.bench.person(username, PASSWORD)
