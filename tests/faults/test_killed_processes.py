"""Every process is killed while orders are confirmed: no order that was answered with 2xx is missing or there twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psutil
import pytest
import urllib3
from system import System, eventually

from crm_local.demo.api import Api, ApiError

pytestmark = pytest.mark.timeout(400)

TODAY = datetime.now(UTC).date()
PAUSE_S = 1.0


class Shop(threading.Thread):
    """Confirms one order after the other, repeating a call with its key until it is answered."""

    def __init__(self, api: Api, customer_id: str) -> None:
        super().__init__(daemon=True)
        self.api = api
        self.customer_id = customer_id
        self.confirmed: list[str] = []
        self.stopping = False
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self.stopping:
                self.confirm_one()
        except Exception as error:  # noqa: BLE001  reported by the test's own thread
            self.failure = error

    def confirm_one(self) -> None:
        lines = [{"name": "唱片", "quantity": "1", "price": "10.00"}]
        body = {"customer_id": self.customer_id, "ordered_on": TODAY.isoformat(), "currency": "CNY", "lines": lines}
        order = self.call("/orders", body)
        self.call(f"/orders/{order['id']}/confirm", {})
        self.confirmed.append(order["id"])

    def call(self, path: str, body: dict[str, Any]) -> Any:
        key, deadline = str(uuid4()), time.monotonic() + 60
        while True:
            try:
                return self.api.post(path, body, key=key)
            except (ApiError, urllib3.exceptions.HTTPError) as error:
                passing = not isinstance(error, ApiError) or error.status in {409, 429, 500, 502, 503, 504}
                if not passing or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


@pytest.fixture
def shop(system: System, request: pytest.FixtureRequest) -> Any:
    seller = system.as_(request.param)
    name = f"抗灾客户 {uuid4().hex[:8]}"
    customer = seller.post("/customers", {"name": name, "kind": "company", "relation": "customer"})
    eventually(lambda: _known(seller, customer["id"]))
    shop = Shop(seller, customer["id"])
    yield shop
    shop.stopping = True
    shop.join(60)


def _known(api: Api, customer_id: str) -> bool:
    try:
        api.post("/opportunities", {"name": "probe", "customer_id": customer_id})
    except ApiError:
        return False
    return True


def _pages(api: Api, path: str) -> list[Any]:
    return list(api.pages(path))


def check_everywhere(system: System, shop: Shop) -> None:
    """Each confirmed order is once in sales, receivables, timeline, notifications and the contribution."""
    shop.stopping = True
    shop.join(90)
    assert shop.failure is None, shop.failure
    assert len(shop.confirmed) > 10
    seller, wanted = shop.api, set(shop.confirmed)

    def timeline() -> Counter[str]:
        entries = _pages(seller, f"/customers/{shop.customer_id}/timeline")
        return Counter(e["link"].rsplit("/", 1)[-1] for e in entries if e["type"] == "crm.sales.order.confirmed.v1")

    def notified() -> Counter[str]:
        entries = _pages(seller, "/notifications")
        return Counter(e["link"].rsplit("/", 1)[-1] for e in entries if e["kind"] == "order.confirmed" and e["link"])

    orders = {o["id"] for o in _pages(seller, f"/orders?customer_id={shop.customer_id}&status=confirmed")}
    assert wanted <= orders
    receivables = Counter(r["order_id"] for r in _pages(seller, f"/receivables?customer_id={shop.customer_id}"))
    assert {order: receivables[order] for order in orders} == dict.fromkeys(orders, 1)
    eventually(lambda: orders <= set(timeline()), 120)
    # Beyond twenty an hour the seller's notifications of a kind are gathered into a digest.
    eventually(lambda: len(set(notified()) & orders) >= 10, 120)
    assert {order: timeline()[order] for order in orders} == dict.fromkeys(orders, 1)
    assert set(notified().values()) == {1}
    report = f"/reports/contribution?from={TODAY - timedelta(days=1)}&to={TODAY + timedelta(days=1)}&group_by=customer"
    eventually(lambda: _contributed(system, report, shop.customer_id) == len(orders) * 10, 120)


def _contributed(system: System, report: str, customer_id: str) -> float:
    rows = system.as_("ceo").get(report)["rows"]
    return sum(float(row["net"]["amount"]) for row in rows if row["group"] == customer_id)


@pytest.mark.parametrize("shop", ["e1.sales1"], indirect=True)
def test_every_process_killed_in_turn_loses_and_doubles_nothing(system: System, shop: Shop) -> None:
    shop.start()
    running = system.processes()
    for name in sorted(running.keys() - {"postgres", "valkey"}):
        os.kill(running[name]["pid"], signal.SIGKILL)
        time.sleep(PAUSE_S)
        assert shop.failure is None, f"after {name}: {shop.failure}"

    check_everywhere(system, shop)
    eventually(lambda: all(process["pid"] for process in system.processes().values()), 60)


@pytest.mark.parametrize("shop", ["e2.sales1"], indirect=True)
def test_the_broker_stopped_for_a_while_loses_and_doubles_nothing(system: System, shop: Shop) -> None:
    shop.start()
    valkey = psutil.Process(system.processes()["valkey"]["pid"])
    valkey.suspend()
    try:
        time.sleep(15)
    finally:
        valkey.resume()

    check_everywhere(system, shop)
