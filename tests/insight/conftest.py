"""Insight under test: a small group of companies, and events as the other services publish them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import org
from crm_chassis.identity import Grant, Principal
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

READABLE = (
    *("customer", "contact", "lead", "opportunity", "order", "request", "article", "product", "travel_plan", "claim"),
    *("activity", "approval", "churn_case", "receivable"),
)
READER = [
    *(f"{name}:read" for name in READABLE),
    "search:read",
    "desktop:read",
    "report:read",
    "report:export",
]


@pytest.fixture(scope="session")
def _bench() -> Iterator[Bench]:
    from crm_insight.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Bench:
    _bench.clean()
    return _bench


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


@dataclass(frozen=True)
class Event:
    """One event that has not been delivered yet."""

    type: str
    data: dict[str, Any]
    version: int = 1


@dataclass
class World:
    """The group BD with companies N1 (and its team N1T) and E1; ``n1``, ``e1`` and ``office`` may read all of theirs."""

    bench: Bench
    units: dict[str, UUID]
    people: dict[str, Principal] = field(default_factory=dict)

    def client(self, name: str) -> Client:
        return self.bench.client(self.people[name])

    def user(self, name: str, unit: str, grants: Any = READER, **more: Any) -> Client:
        self.people[name] = self.bench.caller(self.units[unit], grants, username=name, **more)
        return self.client(name)

    def id_of(self, name: str) -> str:
        return str(self.people[name].user_id)

    def hear(self, *events: Event) -> None:
        """Deliver events, and insist that each was handled."""
        from sqlalchemy import select

        from crm_chassis.inbox import InboxRow

        for event in events:
            self.bench.deliver(event.type, event.data, version=event.version)
            if event.type.startswith("crm.gateway.org-unit."):
                org.forget_tree()
        with self.bench.system() as session:
            failed = session.scalars(select(InboxRow.last_error).where(InboxRow.status != "done")).all()
        assert not failed, failed

    def state(self, unit: str = "N1", owner: str | None = None, **fields: Any) -> dict[str, Any]:
        return {
            "id": str(uuid7()),
            "unit_id": str(self.units[unit]),
            "owner_id": self.id_of(owner) if owner else None,
            "created_at": "2026-03-05T02:00:00Z",
            "updated_at": "2026-03-05T02:00:00Z",
            **fields,
        }

    def customer(self, unit: str = "N1", owner: str | None = None, **fields: Any) -> dict[str, Any]:
        usual = {
            "code": f"{unit}-000001",
            "name": "榕树百货",
            "kind": "company",
            "relation": "customer",
            "status": "active",
            "level": "A",
            "industry": "retail",
            "region_code": "110100",
            "phone": None,
        }
        return self.state(unit, owner, **{**usual, **fields})

    def order(
        self, unit: str = "N1", owner: str | None = None, amount: str = "100.00", **fields: Any
    ) -> dict[str, Any]:
        usual = {
            "number": f"SO-{unit}-000001",
            "customer_id": str(uuid7()),
            "ordered_on": "2026-03-10",
            "status": "confirmed",
            "confirmed_at": "2026-03-10T03:00:00Z",
            "total": money(amount),
            "returned_total": money("0.00"),
            "lines": [],
        }
        return self.state(unit, owner, **{**usual, **fields})

    def opportunity(self, unit: str = "N1", owner: str | None = None, **fields: Any) -> dict[str, Any]:
        usual = {
            "name": "新收银系统",
            "customer_id": str(uuid7()),
            "stage": "proposal",
            "probability": 50,
            "amount": money("1000.00"),
            "status": "open",
        }
        return self.state(unit, owner, **{**usual, **fields})

    def request(self, unit: str = "N1", owner: str | None = None, **fields: Any) -> dict[str, Any]:
        usual = {
            "number": f"SR-{unit}-000001",
            "kind": "repair",
            "customer_id": None,
            "summary": "收银机打不开",
            "status": "created",
            "priority": "normal",
            "assignee_id": None,
            "due_at": None,
        }
        return self.state(unit, owner, **{**usual, **fields})

    def churn_case(self, unit: str = "N1", owner: str | None = None, **fields: Any) -> dict[str, Any]:
        usual = {
            "customer_id": str(uuid7()),
            "customer_name": "榕树百货",
            "status": "warned",
            "reasons": [],
            "warned_at": "2026-03-01T00:00:00Z",
        }
        return self.state(unit, owner, **{**usual, **fields})

    def moved_to(self, unit: str, timezone: str) -> Event:
        """The news that a unit works in another time zone."""
        state = {
            "id": str(self.units[unit]),
            "code": unit,
            "name": unit,
            "name_en": unit,
            "kind": "subsidiary",
            "parent_id": str(self.units["BD"]),
            "manager_id": None,
            "timezone": timezone,
            "currency": "CNY",
            "active": True,
            "tree_version": 2,
        }
        return Event("crm.gateway.org-unit.changed.v1", state, 2)

    def report(self, client: Client, name: str, query: str = "") -> dict[str, Any]:
        answer = client.get(f"/reports/{name}?{query}")
        assert answer.status_code == 200, answer.json
        return answer.json  # type: ignore[no-any-return]


@pytest.fixture
def world(bench: Bench) -> World:
    root = bench.unit("BD", kind="group")
    n1, e1 = bench.unit("N1", root), bench.unit("E1", root)
    made = World(bench, {"BD": root, "N1": n1, "E1": e1, "N1T": bench.unit("N1T", n1, "team")})
    for name, unit in (("office", "BD"), ("n1", "N1"), ("e1", "E1")):
        made.user(name, unit)
    made.user("own", "N1", {name: Grant(own=True) for name in READER})
    return made
