"""People at work: each client does one thing after the other and writes down what it was answered."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import urllib3
from system import PASSWORD, System

from crm_local.demo.api import Api, ApiError

_PASSING = frozenset({401, 429, 500, 502, 503, 504})
_PATIENCE_S = 150.0
_TODAY = datetime.now(UTC).date().isoformat()


@dataclass(frozen=True)
class Attempt:
    """One HTTP exchange. status 0: the connection broke or the answer did not come."""

    at: float
    took_s: float
    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Done:
    """A write that was answered with 2xx."""

    what: str
    id: str
    version: int
    facts: dict[str, Any]


@dataclass
class Journal:
    """What the clients did. ``unknown``: what was never answered, although it was asked again with its key."""

    done: list[Done] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def slowest_recovery_s(self) -> float:
        """The longest time during which nothing at all was answered with success."""
        good = sorted(each.at + each.took_s for each in list(self.attempts) if 200 <= each.status < 300)
        return max((later - earlier for earlier, later in itertools.pairwise(good)), default=0.0)


class Refused(Exception):
    """The API said no: an answer like any other."""


class Client(threading.Thread):
    """One person. A POST is repeated with its key until it is answered; a change is repeated after a look at the record."""

    def __init__(self, system: System, username: str, journal: Journal, seed: int, pause_s: float = 0.05) -> None:
        super().__init__(daemon=True, name=username)
        self._random = random.Random(f"{seed}:{username}")
        self._system = system
        self._base = f"{system.address}/api/v1"
        self._pool = urllib3.PoolManager(maxsize=2, timeout=urllib3.Timeout(connect=5, read=30), retries=False)
        self._token = Api(system.address, username, PASSWORD).token
        self._username = username
        self.journal = journal
        self._customers: list[dict[str, Any]] = []
        self._stop_asked = threading.Event()
        self.pause_s = pause_s
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop_asked.wait(self.pause_s):
                self._one_thing()
        except BaseException as error:  # noqa: BLE001  reported by the test's own thread
            self.failure = error

    def stop(self) -> None:
        """Finish what is at hand and end. Raises what the thread died of."""
        self._stop_asked.set()
        self.join(_PATIENCE_S + 30)
        assert not self.is_alive(), f"{self._username} still waits for an answer"
        if self.failure:
            raise self.failure

    def _one_thing(self) -> None:
        choices: list[Callable[[], None]] = [self._order, self._order, self._change, self._request]
        if len(self._customers) < 3 or self._random.random() < 0.1:
            choices = [self._new_customer]
        try:
            self._random.choice(choices)()
        except Refused as refusal:
            self.journal.refused.append(f"{self._username}: {refusal}")

    def _new_customer(self) -> None:
        name = f"{self._username} {uuid4().hex[:12]}"
        made = self._post("/customers", {"name": name, "kind": "company", "relation": "customer"})
        self._customers.append(made)
        self._note("customer", made, name=name)

    def _change(self) -> None:
        place = self._random.randrange(len(self._customers))
        known = self._customers[place]
        name = f"{self._username} {uuid4().hex[:12]}"
        status, answer = self._ask("PATCH", f"/customers/{known['id']}", {"name": name}, {"If-Match": _etag(known)})
        if status == 200:
            self._customers[place] = answer
            self._note("customer", answer, name=name)
        else:  # unknown, or another's change: what holds is read
            self._customers[place] = self._until_answered("GET", f"/customers/{known['id']}", None, {})

    def _order(self) -> None:
        customer = self._random.choice(self._customers)
        lines = [{"name": "唱片", "quantity": "1", "price": "10.00"}]
        body = {"customer_id": customer["id"], "ordered_on": _TODAY, "currency": "CNY", "lines": lines}
        order = self._post("/orders", body)
        self._note("order", order, customer_id=customer["id"])
        confirmed = self._post(f"/orders/{order['id']}/confirm", {})
        self._note("confirmed", confirmed, customer_id=customer["id"])

    def _request(self) -> None:
        customer = self._random.choice(self._customers)
        body = {"kind": "consultation", "customer_id": customer["id"], "summary": f"问 {uuid4().hex[:8]}"}
        self._note("request", self._post("/requests", body), customer_id=customer["id"])

    def _note(self, what: str, record: dict[str, Any], **facts: Any) -> None:
        self.journal.done.append(Done(what, record["id"], record["version"], facts))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._until_answered("POST", path, body, {"Idempotency-Key": str(uuid4())})

    def _until_answered(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            status, answer = self._ask(method, path, body, headers)
            if 200 <= status < 300:
                return answer
            waiting = status in {0, *_PASSING} or answer.get("code") == "key_in_use" or _not_yet_known(status, answer)
            if not waiting:
                raise Refused(f"{method} {path} {status} {answer}")
            if time.monotonic() > deadline:
                self.journal.unknown.append(f"{method} {path} {status} {answer}")
                raise Refused(f"{method} {path} was not answered within {_PATIENCE_S:.0f} s: {status} {answer}")
            time.sleep(0.2)

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        status, answer = self._exchange(method, path, body, headers)
        if status == 401:  # a token lasts a quarter of an hour
            with contextlib.suppress(ApiError, urllib3.exceptions.HTTPError):
                self._token = Api(self._system.address, self._username, PASSWORD).token
                return self._exchange(method, path, body, headers)
        return status, answer

    def _exchange(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}", **headers}
        at = time.monotonic()
        try:
            answer = self._pool.request(method, self._base + path, body=content, headers=sent)
            status, data = answer.status, json.loads(answer.data or b"{}")
        except (urllib3.exceptions.HTTPError, ValueError):
            status, data = 0, {}
        self.journal.attempts.append(Attempt(at, time.monotonic() - at, method, path, status))
        return status, data


def _etag(record: dict[str, Any]) -> str:
    return f'"{record["version"]}"'


def _not_yet_known(status: int, answer: Any) -> bool:
    """The other service has not heard of the customer yet: the client asks again, as a person would."""
    return status == 422 and any(each.get("pointer") == "/customer_id" for each in answer.get("errors", ()))


SELLERS = ("n1.sales1", "n2.sales1", "e1.sales1", "e2.sales1")


class Clients:
    """Several people at work while the block runs; leaving it waits until each was answered."""

    def __init__(self, system: System, seed: int, users: tuple[str, ...] = SELLERS, pause_s: float = 0.05) -> None:
        self.journal = Journal()
        self._clients = [Client(system, user, self.journal, seed, pause_s) for user in users]

    def __enter__(self) -> Journal:
        for client in self._clients:
            client.start()
        return self.journal

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.stop()
