"""The service desk under test, and a small group of companies to work in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

AGENT = [
    *(f"request:{action}" for action in ("read", "create", "update", "delete", "assign", "export")),
    *(f"article:{action}" for action in ("read", "create", "update", "delete", "publish")),
    *(
        f"{each}:{action}"
        for each in ("sla_policy", "business_calendar")
        for action in ("read", "create", "update", "delete")
    ),
    "customer:read",
]


@pytest.fixture(scope="session")
def _bench() -> Iterator[Bench]:
    from crm_service_desk.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Bench:
    _bench.clean()
    return _bench


@dataclass(frozen=True)
class Desk:
    """Two companies of a group, an agent in each, and a way to make customers and requests."""

    bench: Bench
    root: UUID
    n1: UUID
    e1: UUID
    agent: Client
    stranger: Client

    def customer(self, unit_id: UUID | None = None, *, version: int = 1, **state: Any) -> str:
        customer = {
            "id": str(uuid7()),
            "unit_id": str(unit_id or self.n1),
            "owner_id": None,
            "code": "N1-000001",
            "name": "榕树百货",
            "kind": "company",
            "relation": "customer",
            "status": "active",
            "level": "A",
            "region_code": None,
            "phone": None,
            **state,
        }
        self.bench.deliver("crm.customer.customer.created.v1", customer, version=version)
        return str(customer["id"])

    def request(self, client: Client | None = None, **body: Any) -> dict[str, Any]:
        made = (client or self.agent).post("/requests", {"summary": "收银机打不开", "kind": "repair", **body})
        assert made.status_code == 201, made.json
        return made.json  # type: ignore[no-any-return]

    def verb(self, request: dict[str, Any], name: str, client: Client | None = None, **body: Any) -> dict[str, Any]:
        answer = (client or self.agent).post(f"/requests/{request['id']}/{name}", body)
        assert answer.status_code == 200, answer.json
        return answer.json  # type: ignore[no-any-return]

    def facts(self, request: dict[str, Any]) -> list[str]:
        return [event["type"].split(".", 2)[2] for event in self.bench.events() if event["subject"] == request["id"]]


@pytest.fixture
def desk(bench: Bench) -> Desk:
    root = bench.unit("BD", kind="group")
    n1, e1 = bench.unit("N1", root), bench.unit("E1", root)
    agent = bench.client(bench.caller(n1, AGENT, username="agent"))
    stranger = bench.client(bench.caller(e1, AGENT, username="stranger"))
    return Desk(bench, root, n1, e1, agent, stranger)
