"""The sales service on a bench: a group with two companies, people, customers and products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.identity import Grant, Principal
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client


@pytest.fixture(scope="session")
def _sales_bench() -> Iterator[Bench]:
    from crm_sales.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_sales_bench: Bench) -> Bench:
    _sales_bench.clean()
    return _sales_bench


@pytest.fixture
def units(bench: Bench) -> dict[str, UUID]:
    """A group with the companies N1 and E1, and the department N1D of N1."""
    root = bench.unit("BD", kind="group")
    north, east = bench.unit("N1", root), bench.unit("E1", root)
    return {"BD": root, "N1": north, "E1": east, "N1D": bench.unit("N1D", north, "department")}


SALES = (
    *(f"lead:{action}" for action in ("read", "create", "update", "delete", "assign", "claim", "import")),
    *(f"opportunity:{action}" for action in ("read", "create", "update", "delete", "assign", "import", "export")),
    *(f"order:{action}" for action in ("read", "create", "update", "delete", "confirm", "deliver", "import", "export")),
    *(f"pipeline:{action}" for action in ("read", "create", "update", "delete")),
    *(f"product:{action}" for action in ("read", "create", "update", "delete", "import")),
    *("receivable:read", "receivable:write_off", "receivable:export"),
    *("payment:read", "payment:create", "payment:refund", "payment:export"),
    *("competitor:read", "competitor:create", "customer:read"),
)


@pytest.fixture
def n1(bench: Bench, units: dict[str, UUID]) -> Client:
    """A sales manager of N1."""
    return bench.client(bench.caller(units["N1"], SALES, username="n1"))


@pytest.fixture
def e1(bench: Bench, units: dict[str, UUID]) -> Client:
    """A sales manager of E1, who must see nothing of N1."""
    return bench.client(bench.caller(units["E1"], SALES, username="e1"))


@pytest.fixture
def reader(bench: Bench, units: dict[str, UUID]) -> Client:
    """Somebody in N1 who may look at everything and do nothing."""
    return bench.client(
        bench.caller(units["N1"], [name for name in SALES if name.endswith(":read")], username="reader")
    )


@pytest.fixture
def nobody(bench: Bench) -> Client:
    """A caller who is not signed in."""
    return bench.client()


def own_rows_only(bench: Bench, unit_id: UUID, username: str = "agent") -> Principal:
    """A caller whose every permission has scope ``self``."""
    return bench.caller(unit_id, {name: Grant(own=True) for name in SALES}, username=username)


def owed(client: Client, order_id: str) -> dict[str, Any]:
    """The receivable of an order."""
    return dict(client.get(f"/receivables?order_id={order_id}").json["items"][0])


def pay(client: Client, customer_id: str, amount: str, *parts: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A payment that pays these parts of receivables."""
    allocations = [{"receivable_id": receivable_id, "amount": part} for receivable_id, part in parts]
    money = {"amount": amount, "currency": "CNY"}
    made = client.post("/payments", {"customer_id": customer_id, "amount": money, "allocations": allocations, **more})
    assert made.status_code == 201, made.json
    return dict(made.json)


class World:
    """Arranges what the tests are about, through the events and routes the service itself has."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def customer(self, unit_id: UUID, code: str = "N1-000001", **more: Any) -> str:
        """A customer of the unit, as its service announces it; answers its id."""
        document = {
            "id": uuid7(),
            "unit_id": unit_id,
            "owner_id": None,
            "code": code,
            "name": f"Customer {code}",
            "kind": "company",
            "relation": "customer",
            "status": "active",
            "level": "A",
            "region_code": None,
            "phone": None,
            **more,
        }
        self.bench.deliver("crm.customer.customer.created.v1", document)
        return str(document["id"])

    def product(self, client: Client, code: str = "P-1", price: str = "100.00", **more: Any) -> dict[str, Any]:
        """A product with a list price in CNY and 13 % tax."""
        body = {"code": code, "name": f"Product {code}", "unit": "件", "tax_rate": "13", **more}
        made = client.post("/products", {"price": {"amount": price, "currency": "CNY"}, **body})
        assert made.status_code == 201, made.json
        return dict(made.json)

    def order(self, client: Client, customer_id: str, **more: Any) -> dict[str, Any]:
        """A draft of one line: 2 x 100.00 without tax, unless told otherwise."""
        lines = [{"name": "Work", "quantity": "2", "price": "100.00"}]
        made = client.post("/orders", {"customer_id": customer_id, "lines": lines, **more})
        assert made.status_code == 201, made.json
        return dict(made.json)

    def confirmed(self, client: Client, customer_id: str, **more: Any) -> dict[str, Any]:
        """A confirmed order."""
        order = self.order(client, customer_id, **more)
        answer = client.post(f"/orders/{order['id']}/confirm")
        assert answer.json["status"] == "confirmed", answer.json
        return dict(answer.json)

    def opportunity(self, client: Client, customer_id: str, **more: Any) -> dict[str, Any]:
        """An open opportunity."""
        made = client.post("/opportunities", {"name": "Big deal", "customer_id": customer_id, **more})
        assert made.status_code == 201, made.json
        return dict(made.json)

    def lead(self, client: Client, **more: Any) -> dict[str, Any]:
        """A lead with a company."""
        made = client.post("/leads", {"name": "Li Lei", "company": "榕树科技有限公司", "phone": "13800138000", **more})
        assert made.status_code == 201, made.json
        return dict(made.json)

    def only_event(self, event_type: str) -> dict[str, Any]:
        """The one event of the type that was announced."""
        found = self.bench.events(event_type)
        assert len(found) == 1, [event["type"] for event in self.bench.events()]
        return dict(found[0]["data"])


@pytest.fixture
def world(bench: Bench) -> World:
    return World(bench)


@pytest.fixture
def customer(world: World, units: dict[str, UUID]) -> str:
    return world.customer(units["N1"])
