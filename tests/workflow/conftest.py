"""A company with managers, people who hold roles, and documents that ask for approval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import pytest

from crm_chassis import org
from crm_chassis.identity import Grant, Principal
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

OWN = {name: Grant(own=True) for name in ("approval:read", "approval:approve")}


@pytest.fixture(scope="session")
def _bench() -> Iterator[Bench]:
    from crm_workflow.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Bench:
    _bench.clean()
    return _bench


@dataclass
class Company:
    """Head office BD, company N1 with team T1, company E1, and everybody in them by name."""

    bench: Bench
    units: dict[str, UUID]
    people: dict[str, Client] = field(default_factory=dict)
    versions: dict[Any, int] = field(default_factory=dict)

    def hire(self, name: str, unit: str, *roles: str) -> Client:
        """Somebody with an account and a role: they see and decide what they have a part in."""
        user_id = uuid7()
        unit_id = self.units[unit]
        company = self.units["N1" if unit == "T1" else unit]
        principal = Principal(user_id, name, unit_id, company, OWN, {}, "en", 1)
        self.people[name] = self.bench.client(principal)
        self.tell(name, roles=list(roles) or None)
        return self.people[name]

    def tell(
        self,
        name: str,
        *,
        fact: str = "created",
        roles: list[str] | None = None,
        active: bool = True,
        also_in: tuple[str, ...] = (),
    ) -> None:
        """The gateway's news about a user."""
        principal = self.people[name].principal
        assert principal
        user = {
            "id": principal.user_id,
            "username": name,
            "display_name": name.title(),
            "email": None,
            "mobile": None,
            "unit_id": principal.unit_id,
            "unit_ids": [principal.unit_id, *(self.units[unit] for unit in also_in)],
            "roles": ["employee"] if roles is None else roles,
            "manager_id": None,
            "locale": "en",
            "active": active,
        }
        self.bench.deliver(f"crm.gateway.user.{fact}.v1", user, version=self._next(name))

    def role(self, key: str, *actions: str) -> None:
        """What holders of a role may do with approvals, from now on."""
        version = self._next(key)
        state = {
            "id": uuid5(self.units["BD"], key),
            "key": key,
            "name": key,
            "grants": [{"resource": "approval", "action": action, "scope": "self"} for action in actions],
            "active": True,
        }
        self.bench.deliver("crm.gateway.role.changed.v1", state, version=version)

    def appoint(self, name: str | None, unit: str, parent: str | None, kind: str) -> None:
        """Make somebody the manager of a unit."""
        state = {
            "id": self.units[unit],
            "code": unit,
            "name": unit,
            "name_en": None,
            "kind": kind,
            "parent_id": self.units[parent] if parent else None,
            "manager_id": self.id(name) if name else None,
            "timezone": "Asia/Shanghai",
            "currency": "CNY",
            "active": True,
            "tree_version": 2,
        }
        self.bench.deliver("crm.gateway.org-unit.changed.v1", state, version=self._next(unit) + 1)
        org.forget_tree()

    def _next(self, of: str) -> int:
        self.versions[of] = self.versions.get(of, 0) + 1
        return self.versions[of]

    def id(self, name: str) -> str:
        """The id of a user."""
        principal = self.people[name].principal
        assert principal
        return str(principal.user_id)

    def ask(self, requester: str = "anna", *, service: str = "expenses", **more: Any) -> dict[str, Any]:
        """A request for an approval as a document's service publishes it."""
        asked = {
            "id": uuid7(),
            "version": 1,
            "unit_id": self.units["T1"],
            "subject_type": "claim",
            "subject_id": uuid7(),
            "title": "EX-N1-000001 差旅",
            "requester_id": self.id(requester),
            "round": 1,
            "fields": {"amount": "100.00", "currency": "CNY"},
            **more,
        }
        self.bench.deliver(f"crm.{service}.approval.requested.v1", asked)
        return {name: str(value) if isinstance(value, UUID) else value for name, value in asked.items()}

    def flow(self, *steps: dict[str, Any], unit: str = "N1", **more: Any) -> str:
        """A published flow for claims."""
        admin = self.bench.client(self.bench.caller(self.units["BD"], username="admin"))
        body = {
            "name": "报销",
            "subject_type": "claim",
            "unit_id": self.units[unit],
            "steps": [self.step(f"s{at}", **step) for at, step in enumerate(steps)],
            **more,
        }
        made = admin.post("/approval-flows", body)
        assert made.status_code == 201, made.json
        published = admin.post(f"/approval-flows/{made.json['id']}/publish")
        assert published.status_code == 200, published.json
        return made.json["id"]

    def step(self, key: str, *names: str, **more: Any) -> dict[str, Any]:
        """A step that asks users by name, unless ``approvers`` says otherwise."""
        named = more.pop("users", names)
        users = [{"kind": "user", "value": self.id(name)} for name in named]
        return {"key": key, "name": key, "approvers": users, **more}

    def events(self, fact: str) -> list[dict[str, Any]]:
        """What was announced about approvals."""
        return [envelope["data"] for envelope in self.bench.events(f"crm.workflow.approval.{fact}.v1")]

    def asked_last(self) -> set[str]:
        """The names of those who were asked last."""
        names = {self.id(name): name for name in self.people}
        return {names[user_id] for user_id in self.events("assigned")[-1]["assignee_ids"]}


@pytest.fixture
def company(bench: Bench) -> Company:
    root = bench.unit("BD", kind="group")
    n1 = bench.unit("N1", root)
    made = Company(bench, {"BD": root, "N1": n1, "T1": bench.unit("T1", n1, "team"), "E1": bench.unit("E1", root)})
    made.hire("anna", "T1", "account_manager")
    made.hire("max", "T1", "sales_manager")
    made.hire("nora", "N1")
    made.hire("fred", "N1", "finance")
    made.hire("adam", "N1", "subsidiary_admin")
    made.hire("gwen", "BD", "group_admin")
    made.hire("eve", "E1", "finance")
    made.appoint("max", "T1", "N1", "team")
    made.appoint("nora", "N1", "BD", "subsidiary")
    return made


def do(company: Company, name: str, asked: dict[str, Any], verb: str, **body: Any) -> Any:
    return company.people[name].post(f"/approvals/{asked['id']}/{verb}", body or None)


def approve(company: Company, name: str, asked: dict[str, Any]) -> None:
    answer = do(company, name, asked, "approve", comment="同意")
    assert answer.status_code == 200, answer.json


def read(company: Company, asked: dict[str, Any], name: str = "anna") -> dict[str, Any]:
    return company.people[name].get(f"/approvals/{asked['id']}").json
