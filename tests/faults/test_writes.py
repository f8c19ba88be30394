"""Writes while their own service, its line to the database, or many equal calls are in the way."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import urllib3
from faults.clients import Clients, Journal
from faults.stage import Stage
from system import eventually

pytestmark = [pytest.mark.timeout(400), pytest.mark.brokers("amqp")]


@pytest.mark.slow
@pytest.mark.fault(1)
def test_a_service_that_dies_before_the_commit(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        _die_at(faulty, journal, ("customer-web", "sales-web", "service-desk-web"), "before_commit:5")

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(2)
def test_a_service_that_dies_after_the_commit_and_before_the_answer(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        _die_at(faulty, journal, ("customer-web", "sales-web", "service-desk-web"), "committed:5")

    checked(journal)


def _die_at(stage: Stage, journal: Journal, names: tuple[str, ...], point: str) -> None:
    for name in names:
        stage.crash(name, point)
    _some_more(journal, 20)


@pytest.mark.fault(3)
@pytest.mark.parametrize(
    "delivered",
    [pytest.param(False, id="lost", marks=pytest.mark.slow), pytest.param(True, id="done but unanswered")],
)
def test_the_line_breaks_in_the_middle_of_a_commit(faulty: Stage, work: Clients, checked: Any, delivered: bool) -> None:
    with work as journal:
        _some_more(journal, 10)
        for _ in range(8):
            assert faulty.links["postgres"].trap(b"COMMIT", deliver=delivered).wait(30)
        _some_more(journal, 20)

    checked(journal, resent=None)


def _some_more(journal: Journal, writes: int) -> None:
    """Wait until so many more writes were answered."""
    wanted = len(journal.done) + writes
    eventually(lambda: len(journal.done) >= wanted, 90)


@pytest.mark.fault(34)
def test_a_hundred_parallel_calls_with_one_key_have_one_effect(faulty: Stage) -> None:
    seller = faulty.system.as_("n1.sales2")
    name = f"一把钥匙 {uuid4().hex[:8]}"
    body = json.dumps({"name": name, "kind": "company", "relation": "customer"})
    headers = _headers(seller.token) | {"Idempotency-Key": str(uuid4())}

    answers = _hundred(f"{faulty.system.address}/api/v1/customers", "POST", body, headers)

    made = {json.loads(answer.data)["id"] for answer in answers if answer.status == 201}
    others = Counter((a.status, json.loads(a.data).get("code")) for a in answers if a.status != 201)
    assert len(made) == 1
    assert set(others) <= {(409, "key_in_use"), (503, "unavailable"), (429, "too_many_requests")}, others
    assert len([c for c in seller.pages("/customers") if c["name"] == name]) == 1


@pytest.mark.fault(35)
def test_a_hundred_parallel_changes_of_one_version_leave_one(faulty: Stage) -> None:
    seller = faulty.system.as_("n1.sales2")
    made = seller.post("/customers", {"name": f"一个版本 {uuid4().hex[:8]}", "kind": "company", "relation": "customer"})
    headers = _headers(seller.token) | {"If-Match": f'"{made["version"]}"'}
    address = f"{faulty.system.address}/api/v1/customers/{made['id']}"

    answers = _hundred(address, "PATCH", json.dumps({"short_name": "改了"}), headers)

    counts = Counter(answer.status for answer in answers)
    assert counts[200] == 1
    assert set(counts) <= {200, 412, 429, 503}, counts
    assert seller.get(f"/customers/{made['id']}")["version"] == made["version"] + 1


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _hundred(address: str, method: str, body: str, headers: dict[str, str]) -> list[Any]:
    pool = urllib3.PoolManager(maxsize=100, retries=False, timeout=30)
    with ThreadPoolExecutor(100) as threads:
        return list(threads.map(lambda _: pool.request(method, address, body=body, headers=headers), range(100)))
