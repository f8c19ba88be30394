"""Pipelines: their stages, what has to be known before a stage is left, and which of them a unit uses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import SALES, World

STRICT = [
    {"key": "qualify", "name": "接洽", "probability": 10},
    {"key": "needs", "name": "需求", "probability": 25},
    {"key": "proposal", "name": "报价", "probability": 50, "exit_conditions": ["amount"]},
    {"key": "negotiation", "name": "谈判", "probability": 75, "exit_conditions": ["amount", "expected_close_on"]},
]


def test_a_stage_is_left_only_when_its_conditions_are_met(world: World, n1: Client, customer: str) -> None:
    pipeline = n1.post("/pipelines", {"name": "strict", "stages": STRICT}).json
    path = f"/opportunities/{world.opportunity(n1, customer, pipeline_id=pipeline['id'])['id']}"

    assert n1.post(f"{path}/advance", {"stage": "nowhere"}).status_code == 422
    moved = n1.post(f"{path}/advance", {"stage": "proposal", "board_position": "1.5"}).json
    assert (moved["stage"], moved["probability"], moved["board_position"]) == ("proposal", 50, "1.50000000")
    assert world.only_event("crm.sales.opportunity.advanced.v1")["previous_stage"] == "qualify"
    held = n1.post(f"{path}/advance", {"stage": "negotiation"})
    assert (held.status_code, held.json["code"], held.json["errors"][0]["pointer"]) == (
        409,
        "exit_conditions",
        "/amount",
    )
    assert n1.post(f"{path}/advance", {"stage": "needs"}).status_code == 200, "going back asks for nothing"
    assert n1.post(f"{path}/win").status_code == 409
    n1.patch(path, {"amount": {"amount": "5", "currency": "CNY"}, "expected_close_on": "2026-12-01"}, version=3)
    assert n1.post(f"{path}/win", {"won_at": "2026-05-01T00:00:00Z"}).json["won_at"] == "2026-05-01T00:00:00Z"


def test_no_opportunity_begins_behind_a_stage_whose_conditions_it_does_not_meet(
    world: World, n1: Client, customer: str
) -> None:
    pipeline = n1.post("/pipelines", {"name": "strict", "stages": STRICT}).json["id"]
    begun = {"name": "x", "customer_id": customer, "pipeline_id": pipeline, "stage": "negotiation"}

    refused = n1.post("/opportunities", begun)

    assert (refused.status_code, refused.json["errors"][0]["pointer"], refused.json["errors"][0]["code"]) == (
        422,
        "/amount",
        "exit_conditions",
    )
    assert n1.post("/opportunities", {**begun, "stage": "proposal"}).status_code == 201
    assert n1.post("/opportunities", {**begun, "amount": {"amount": "5", "currency": "CNY"}}).status_code == 201


def test_another_pipeline_is_no_way_around_the_conditions_of_its_stages(
    world: World, n1: Client, customer: str
) -> None:
    strict = n1.post("/pipelines", {"name": "strict", "stages": STRICT}).json["id"]
    loose = [{"key": key, "name": key, "probability": 10} for key in ("qualify", "negotiation")]
    free = n1.post("/pipelines", {"name": "free", "stages": loose}).json["id"]
    made = world.opportunity(n1, customer, pipeline_id=free, stage="negotiation")
    path, amount = f"/opportunities/{made['id']}", {"amount": "5", "currency": "CNY"}

    refused = n1.patch(path, {"pipeline_id": strict}, version=1)

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/amount")
    assert n1.get(path).json["pipeline_id"] == free
    assert n1.patch(path, {"pipeline_id": strict, "amount": amount}, version=1).json["stage"] == "negotiation"


STAGES = [{"key": "one", "name": "一", "probability": 30}, {"key": "two", "name": "二", "probability": 60}]


@pytest.mark.parametrize(
    ("stages", "pointer"),
    [
        ([], "/stages"),
        ([STAGES[0], STAGES[0]], "/stages/1/key"),
        ([{**STAGES[0], "probability": 101}], "/stages/0/probability"),
        ([{**STAGES[0], "key": "No Key"}], "/stages/0/key"),
        ([{**STAGES[0], "exit_conditions": ["luck"]}], "/stages/0/exit_conditions"),
    ],
)
def test_a_pipeline_with_faults_is_refused(n1: Client, stages: Any, pointer: str) -> None:
    answer = n1.post("/pipelines", {"name": "Projects", "stages": stages})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_a_unit_uses_the_nearest_pipeline_above_it(
    bench: Bench, world: World, n1: Client, customer: str, units: dict[str, UUID]
) -> None:
    made = n1.post("/pipelines", {"name": "Projects", "stages": STAGES}).json
    agent = bench.client(bench.caller(units["N1D"], [name for name in SALES if "pipeline" not in name], username="d"))
    theirs = world.customer(units["N1D"], "N1-000003")

    opportunity = world.opportunity(agent, theirs)
    assert (opportunity["pipeline_id"], opportunity["stage"], opportunity["probability"]) == (made["id"], "one", 30)
    assert agent.post(f"/opportunities/{opportunity['id']}/advance", {"stage": "two"}).json["probability"] == 60

    renamed = n1.patch(f"/pipelines/{made['id']}", {"stages": STAGES[:1]}, version=1)
    assert renamed.status_code == 409, "an open opportunity stands in stage two"
    assert n1.delete(f"/pipelines/{made['id']}", version=1).status_code == 409
    agent.post(f"/opportunities/{opportunity['id']}/advance", {"stage": "one"})
    assert n1.patch(f"/pipelines/{made['id']}", {"stages": STAGES[:1]}, version=1).status_code == 200


def test_who_may_ask_for_the_pipelines_to_choose_from(
    bench: Bench, n1: Client, nobody: Client, units: dict[str, UUID]
) -> None:
    path = "/opportunities/pipelines"
    for_leads = bench.client(bench.caller(units["N1"], ["lead:read"], username="leads"))

    assert nobody.get(path).status_code == 401
    assert for_leads.get(path).status_code == 403
    beyond = n1.get(f"{path}?unit_id={units['E1']}")
    assert (beyond.status_code, beyond.json["errors"][0]["pointer"]) == (422, "/unit_id")
    assert n1.get(path).json == {"items": [], "next_cursor": None}


def test_the_pipelines_to_choose_from_are_of_the_unit_and_of_those_above_the_usual_one_first(
    bench: Bench, world: World, n1: Client, e1: Client, units: dict[str, UUID]
) -> None:
    head = bench.client(bench.caller(units["BD"], username="head"))
    for client, name in ((head, "Group"), (n1, "North"), (n1, "Projects of the north"), (e1, "East")):
        assert client.post("/pipelines", {"name": name, "stages": STAGES}).status_code == 201
    agent = bench.client(bench.caller(units["N1D"], [name for name in SALES if "pipeline" not in name], username="d"))

    def choice(client: Client, question: str = "") -> list[str]:
        return [item["name"] for item in client.get(f"/opportunities/pipelines{question}").json["items"]]

    assert choice(agent) == ["North", "Projects of the north", "Group"]
    assert choice(head) == ["Group"]
    assert choice(head, f"?unit_id={units['E1']}") == ["East", "Group"]
    usual, other, _ = agent.get("/opportunities/pipelines").json["items"]
    assert [stage["key"] for stage in usual["stages"]] == ["one", "two"]
    theirs = world.customer(units["N1D"], "N1-000003")
    assert world.opportunity(agent, theirs)["pipeline_id"] == usual["id"]
    assert world.opportunity(agent, theirs, pipeline_id=other["id"])["pipeline_id"] == other["id"]


def test_a_group_gets_a_pipeline_when_it_appears_and_only_one(bench: Bench, world: World) -> None:
    root = uuid7()
    unit = {"id": root, "code": "G", "name": "集团", "name_en": "Group", "kind": "group", "parent_id": None}
    more = {"manager_id": None, "timezone": "Asia/Shanghai", "currency": "CNY", "active": True, "tree_version": 1}
    bench.deliver("crm.gateway.org-unit.created.v1", {**unit, **more})
    boss = bench.client(bench.caller(root, username="boss"))

    world.opportunity(boss, world.customer(root))

    (pipeline,) = boss.get("/pipelines?q=销售").json["items"]
    assert [stage["key"] for stage in pipeline["stages"]] == ["qualify", "needs", "proposal", "negotiation"]
    assert pipeline["unit_id"] == str(root)


def test_another_companys_pipeline_cannot_be_chosen(world: World, n1: Client, e1: Client, customer: str) -> None:
    theirs = e1.post("/pipelines", {"name": "East", "stages": STAGES}).json["id"]

    answer = n1.post("/opportunities", {"name": "x", "customer_id": customer, "pipeline_id": theirs})
    assert answer.json["errors"][0]["pointer"] == "/pipeline_id"
    assert n1.get(f"/pipelines/{theirs}").status_code == 404


def test_what_a_stage_still_needs_is_called_by_its_label(world: World, n1: Client, customer: str) -> None:
    pipeline = n1.post("/pipelines", {"name": "strict", "stages": STRICT}).json
    path = f"/opportunities/{world.opportunity(n1, customer, pipeline_id=pipeline['id'])['id']}"

    told = [n1.post(f"{path}/win", headers={"Accept-Language": asked}).json["detail"] for asked in ("zh-CN", "en")]
    assert told == ["请先填写以下内容再推进：金额、预计成交日。", "Fill in amount, expected close before it goes on."]
    told = [
        n1.post(f"{path}/advance", {"stage": "nowhere"}, headers={"Accept-Language": asked}).json["detail"]
        for asked in ("zh-CN", "en")
    ]
    assert told[0].startswith("该销售管道的阶段有：")
    assert told[0].endswith("报价（proposal）、谈判（negotiation）。")
    assert told[1].endswith("proposal, negotiation.")
