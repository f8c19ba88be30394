"""Editing and publishing flows, and which one a document takes."""

from __future__ import annotations

from typing import Any

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import Company

BIG = {"field": "amount", "operator": "gte", "value": 5000}


@pytest.fixture
def admin(company: Company) -> Client:
    return company.bench.client(company.bench.caller(company.units["BD"], username="chief"))


def body(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "报销", "subject_type": "claim", "steps": list(steps), **more}


def by_role(role: str = "finance") -> dict[str, Any]:
    return {"key": "f", "name": "财务", "approvers": [{"kind": "role", "value": role}]}


def test_publishing_keeps_to_sign_in_scope_and_permission(company: Company, bench: Bench, admin: Client) -> None:
    path = f"/approval-flows/{admin.post('/approval-flows', body(by_role())).json['id']}/publish"
    rights = ["approval_flow:read", "approval_flow:update"]
    reader = bench.client(bench.caller(company.units["BD"], rights[:1]))
    stranger = bench.client(bench.caller(company.units["E1"], rights))

    assert bench.client().post(path).status_code == 401
    assert stranger.post(path).status_code == 404
    assert reader.post(path).status_code == 403
    done = admin.post(path)
    assert (done.status_code, done.json["status"], done.json["flow_version"]) == (200, "published", 1)
    assert admin.post(path).status_code == 409


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"approvers": []}, "/steps/0/approvers"),
        ({"key": None}, "/steps/0/key"),
        ({"mode": "sideways"}, "/steps/0/mode"),
        ({"rule": "most"}, "/steps/0/rule"),
        ({"due_days": 0}, "/steps/0/due_days"),
        ({"approvers": [{"kind": "user"}]}, "/steps/0/approvers/0/value"),
        ({"approvers": [{"kind": "user", "value": "anna"}]}, "/steps/0/approvers/0/value"),
        ({"approvers": [{"kind": "user", "value": str(uuid7())}]}, "/steps/0/approvers/0/value"),
        ({"approvers": [{"kind": "role"}]}, "/steps/0/approvers/0/value"),
        ({"approvers": [{"kind": "manager_levels"}]}, "/steps/0/approvers/0/levels"),
        ({"conditions": [{"field": "amount", "operator": "about", "value": 1}]}, "/steps/0/conditions/0/operator"),
        ({"conditions": [{"field": "amount", "operator": "in", "value": 1}]}, "/steps/0/conditions/0/value"),
        ({"conditions": [{"field": "amount", "operator": "gt", "value": {}}]}, "/steps/0/conditions/0/value"),
    ],
)
def test_a_step_that_does_not_fit_is_named(admin: Client, step: dict[str, Any], pointer: str) -> None:
    answer = admin.post("/approval-flows", body(by_role() | step))

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_an_approver_who_has_no_role_and_so_could_not_decide_is_named(company: Company, admin: Client) -> None:
    company.tell("fred", fact="changed", roles=[])
    answer = admin.post("/approval-flows", body(company.step("s", "fred")))

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/steps/0/approvers/0/value")


def test_keys_of_steps_are_unique(admin: Client) -> None:
    answer = admin.post("/approval-flows", body(by_role(), by_role()))

    assert answer.json["errors"][0]["pointer"] == "/steps/1/key"


def test_a_flow_without_steps_is_not_published(admin: Client) -> None:
    made = admin.post("/approval-flows", body()).json

    assert admin.post(f"/approval-flows/{made['id']}/publish").json["errors"][0]["pointer"] == "/steps"


def test_a_published_flow_goes_on_while_its_next_version_is_edited(company: Company, admin: Client) -> None:
    flow_id = company.flow({"users": ["nora"]})
    path = f"/approval-flows/{flow_id}"
    edited = admin.patch(path, {"steps": [company.step("s", "fred")]}, version=2)
    assert (edited.status_code, edited.json["status"]) == (200, "draft")
    first = company.ask()
    assert company.asked_last() == {"nora"}

    assert admin.post(f"{path}/publish").json["flow_version"] == 2
    company.ask()
    assert company.asked_last() == {"fred"}
    kept = company.people["anna"].get(f"/approvals/{first['id']}").json
    assert (kept["flow_id"], kept["flow_version"]) == (flow_id, 1)
    assert kept["steps"][0]["assignees"][0]["user_id"] == company.id("nora")
    assert admin.patch(path, {"subject_type": "order"}, version=4).status_code == 422


def test_a_draft_guides_nobody(company: Company, admin: Client) -> None:
    admin.post("/approval-flows", body(by_role()))
    company.ask()

    assert company.asked_last() == {"max"}


@pytest.mark.parametrize(
    ("amount", "subject_type", "asked"),
    [("100", "claim", {"fred"}), ("5000", "claim", {"nora"}), ("100", "order", {"max"})],
)
def test_flows_are_inherited_and_chosen_by_conditions(
    company: Company, amount: str, subject_type: str, asked: set[str]
) -> None:
    company.flow({"users": ["gwen"]}, unit="BD")
    company.flow({"users": ["fred"]})
    company.flow({"users": ["nora"]}, conditions=[BIG])
    company.flow({"users": ["eve"]}, unit="E1")

    company.ask(subject_type=subject_type, fields={"amount": amount})
    assert company.asked_last() == asked


def test_a_deleted_flow_guides_nobody_any_more(company: Company, admin: Client) -> None:
    flow_id = company.flow({"users": ["fred"]})
    version = admin.get(f"/approval-flows/{flow_id}").json["version"]
    assert admin.delete(f"/approval-flows/{flow_id}", version=version).status_code == 204

    company.ask()
    assert company.asked_last() == {"max"}
