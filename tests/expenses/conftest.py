"""A group with two companies, its categories, and people who travel, approve and pay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

WORK = [
    f"{resource}:{action}"
    for resource in ("travel_plan", "claim")
    for action in ("read", "create", "update", "delete", "export", "import")
] + ["customer:read"]


@pytest.fixture(scope="session")
def _bench() -> Iterator[Bench]:
    from crm_expenses.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Bench:
    _bench.clean()
    return _bench


@dataclass
class Group:
    """A group, two of its companies, and what a test does to them."""

    bench: Bench
    root: UUID
    n1: UUID
    e1: UUID

    def person(self, unit_id: UUID, name: str, *more: str) -> Client:
        """Somebody who works on the trips and claims of a whole company."""
        return self.bench.client(self.bench.caller(unit_id, [*WORK, *more], username=name))

    def traveller(self, unit_id: UUID, name: str) -> Client:
        """Somebody who sees their own trips and claims only."""
        own = {permission: Grant(own=True) for permission in WORK}
        return self.bench.client(self.bench.caller(unit_id, own, username=name))

    def customer(self, unit_id: UUID, owner_id: UUID | None = None) -> str:
        """A customer this service has heard of."""
        customer_id = str(uuid7())
        state = {"id": customer_id, "unit_id": unit_id, "owner_id": owner_id, "name": "榕树", "code": "N1-1"}
        self.bench.deliver("crm.customer.customer.created.v1", state)
        return customer_id

    def category(self, code: str) -> str:
        """The id of a default category."""
        admin = self.bench.client(self.bench.caller(self.root))
        return admin.get(f"/expense-categories?code={code}").json["items"][0]["id"]

    def decide(self, asked: dict[str, Any], status: str, **more: Any) -> None:
        """Workflow's answer to a request."""
        answer = {**asked, "status": status, "comment": None, "decided_by": uuid7(), **more}
        answer.pop("version")
        self.bench.deliver("crm.workflow.approval.decided.v1", answer, version=5)

    def asked(self) -> dict[str, Any]:
        """The newest request for an approval."""
        return self.bench.events("crm.expenses.approval.requested.v1")[-1]["data"]


@pytest.fixture
def group(bench: Bench) -> Group:
    root = bench.unit("BD", kind="group")
    unit = {
        "id": root,
        "code": "BD",
        "name": "BD",
        "name_en": None,
        "kind": "group",
        "parent_id": None,
        "manager_id": None,
        "timezone": "Asia/Shanghai",
        "currency": "CNY",
        "active": True,
        "tree_version": 1,
    }
    bench.deliver("crm.gateway.org-unit.created.v1", unit)
    return Group(bench, root, bench.unit("N1", root), bench.unit("E1", root))


@pytest.fixture
def anna(group: Group) -> Client:
    return group.person(group.n1, "anna")


@pytest.fixture
def eve(group: Group) -> Client:
    return group.person(group.e1, "eve")


@pytest.fixture
def finance(group: Group) -> Client:
    return group.person(group.n1, "finance", "claim:pay")


def item(group: Group, amount: str = "100", **more: Any) -> dict[str, Any]:
    return {"category_id": group.category("meals"), "on": "2026-03-02", "amount": amount, **more}


def draft(client: Client, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/claims", {"title": "三月差旅", "items": list(items), **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def refusals(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.json
    return [(error["pointer"], error["code"]) for error in answer.json["errors"]]


def approved(group: Group, client: Client, *items: dict[str, Any]) -> str:
    path = f"/claims/{draft(client, *(items or [item(group)]))['id']}"
    assert client.post(f"{path}/submit").status_code == 200
    group.decide(group.asked(), "approved")
    return path
