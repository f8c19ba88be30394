"""A small client of the public API, with the patience a loader needs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import urllib3

_PATIENCE_S = 60.0
_TRY_AGAIN = frozenset({429, 502, 503, 504})


class ApiError(RuntimeError):
    """The API refused a call; the message holds its problem document."""

    def __init__(self, method: str, path: str, status: int, body: Any) -> None:
        super().__init__(f"{method} {path} answered {status}: {json.dumps(body, ensure_ascii=False)[:2000]}")
        self.status = status
        self.body = body


class Api:
    """The API as one signed-in user."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self._base = base_url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=4, timeout=urllib3.Timeout(connect=5, read=60), retries=False)
        self._username, self._password = username, password
        self._token = ""
        self._sign_in()

    def _sign_in(self) -> None:
        body = {"grant_type": "password", "username": self._username, "password": self._password}
        self._token = self._call("POST", "/auth/token", body, {})["access_token"]

    @property
    def token(self) -> str:
        """The access token, for clients of another kind."""
        return self._token

    def get(self, path: str) -> Any:
        """GET the JSON at a path below ``/api/v1``."""
        return self._call("GET", path, None, {})

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """POST JSON, once: repeated tries carry the same Idempotency-Key. ``key`` makes it the same over runs too."""
        return self._call("POST", path, body or {}, {"Idempotency-Key": key or str(uuid4())})

    def patch(self, path: str, body: Any) -> Any:
        """Change a record, whatever its version is now."""
        return self._call("PATCH", path, body, {"If-Match": "*"})

    def put(self, path: str, body: Any) -> Any:
        """Replace what is at a path."""
        return self._call("PUT", path, body, {})

    def pages(self, path: str) -> Iterator[Any]:
        """Every record of a list."""
        cursor = ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def upload(self, path: str, name: str, content: bytes, **form: str) -> Any:
        """POST a file with form fields."""
        body, kind = urllib3.encode_multipart_formdata({**form, "file": (name, content)})
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": kind}
        return self._send("POST", path, body, headers)

    def job(self, started: Any, *, within_s: float = 600) -> Any:
        """Wait for a background job. Raises ApiError when it failed or refused lines."""
        deadline = time.monotonic() + within_s
        while True:
            job = self.get(f"/jobs/{started['id']}")
            if job["state"] == "done" and not job["errors"]:
                return job
            if job["state"] in {"done", "failed"} or time.monotonic() > deadline:
                raise ApiError("JOB", started["id"], 200, {**job, "errors": job["errors"][:5]})
            time.sleep(0.5)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        content = None if body is None else json.dumps(body).encode()
        return self._send(method, path, content, {"Content-Type": "application/json", **headers})

    def _send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Any:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            authorization = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            try:
                answer = self._pool.request(
                    method, f"{self._base}/api/v1{path}", body=content, headers={**headers, **authorization}
                )
            except urllib3.exceptions.HTTPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)
                continue
            if answer.status in _TRY_AGAIN and time.monotonic() < deadline:
                time.sleep(float(answer.headers.get("Retry-After", "1")))
            elif answer.status == 401 and self._token:
                self._token = ""
                self._sign_in()
            elif answer.status >= 400:
                raise ApiError(method, path, answer.status, _readable(answer.data))
            else:
                return json.loads(answer.data) if answer.data else None


def _readable(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content[:500].decode(errors="replace")
