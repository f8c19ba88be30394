"""Opportunities, their plans, funnel and board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import World, own_rows_only

VERBS = {
    "assign": {"owner_id": str(uuid7())},
    "advance": {"stage": "needs"},
    "win": {},
    "lose": {"reason": "x"},
    "reopen": {},
}


def test_an_opportunity_begins_in_the_first_stage_of_its_pipeline(world: World, n1: Client, customer: str) -> None:
    made = world.opportunity(n1, customer, amount={"amount": "1000", "currency": "CNY"})

    assert (made["stage"], made["probability"], made["status"]) == ("qualify", 10, "open")
    assert set(made["can"]) == {"update", "delete", "assign", "advance", "win", "lose"}
    told = world.only_event("crm.sales.opportunity.created.v1")
    assert (told["stage"], told["amount"]) == ("qualify", {"amount": "1000.00", "currency": "CNY"})


def test_its_lines_say_what_it_is_worth_unless_it_says_so_itself(world: World, n1: Client, customer: str) -> None:
    world.product(n1)
    lines = [{"product_code": "P-1", "quantity": "3"}]

    assert world.opportunity(n1, customer, lines=lines)["amount"]["amount"] == "339.00"
    own = {"amount": "1", "currency": "CNY"}
    assert world.opportunity(n1, customer, lines=lines, amount=own)["amount"]["amount"] == "1.00"


def test_an_opportunity_without_an_amount_is_in_the_currency_of_its_unit(
    bench: Bench, world: World, n1: Client, customer: str, units: dict[str, UUID]
) -> None:
    from crm_chassis.org import OrgUnit

    with bench.system() as session:
        session.get_one(OrgUnit, units["N1"]).currency = "EUR"
    lines = [{"name": "Work", "quantity": "1", "price": "7"}]

    assert world.opportunity(n1, customer, lines=lines)["amount"] == {"amount": "7.00", "currency": "EUR"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"customer_id": str(uuid7())}, "/customer_id"),
        ({"pipeline_id": str(uuid7())}, "/pipeline_id"),
        ({"stage": "nowhere"}, "/stage"),
        ({"competitor_ids": [str(uuid7())]}, "/competitor_ids"),
        ({"team_ids": [str(uuid7())]}, "/team_ids"),
        ({"probability": 101}, "/probability"),
    ],
)
def test_an_opportunity_that_does_not_fit_names_the_field(n1: Client, customer: str, body: Any, pointer: str) -> None:
    answer = n1.post("/opportunities", {"name": "Deal", "customer_id": customer, **body})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_use_the_verbs_of_an_opportunity(
    world: World, n1: Client, e1: Client, reader: Client, nobody: Client, customer: str, verb: str
) -> None:
    path = f"/opportunities/{world.opportunity(n1, customer)['id']}/{verb}"

    assert nobody.post(path, VERBS[verb]).status_code == 401
    assert reader.post(path, VERBS[verb]).status_code == 403
    assert e1.post(path, VERBS[verb]).status_code == 404


def test_prices_of_lines_are_not_taken_for_amounts_of_another_currency(world: World, n1: Client, customer: str) -> None:
    line = {"name": "Work", "quantity": "1", "price": "70"}
    path = f"/opportunities/{world.opportunity(n1, customer, lines=[line])['id']}"
    dollars = {"amount": {"amount": "10", "currency": "USD"}}

    refused = n1.patch(path, dollars, version=1)

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/lines")
    changed = n1.patch(path, {**dollars, "lines": [{**line, "price": "10"}]}, version=1)
    assert changed.json["amount"] == {"amount": "10.00", "currency": "USD"}


def test_a_won_opportunity_is_locked_until_it_is_reopened(world: World, n1: Client, customer: str) -> None:
    amount = {"amount": "5", "currency": "CNY"}
    path = f"/opportunities/{world.opportunity(n1, customer, amount=amount, expected_close_on='2026-12-01')['id']}"

    won = n1.post(f"{path}/win").json
    assert (won["status"], won["probability"], won["can"]) == ("won", 100, ["reopen"])
    assert n1.patch(path, {"name": "x"}, version=won["version"]).status_code == 409
    for verb in ("win", "lose", "advance", "assign"):
        assert n1.post(f"{path}/{verb}", VERBS[verb]).status_code == 409
    open_again = n1.post(f"{path}/reopen").json
    assert (open_again["status"], open_again["probability"], open_again["won_at"]) == ("open", 10, None)
    assert n1.post(f"{path}/reopen").status_code == 409
    assert [event["type"].split(".")[3] for event in world.bench.events()][-2:] == ["won", "reopened"]


def test_a_loss_keeps_the_reason_and_the_competitor(world: World, n1: Client, customer: str) -> None:
    rival = n1.post("/competitors", {"name": "Rival"}).json["id"]
    path = f"/opportunities/{world.opportunity(n1, customer)['id']}"

    assert n1.post(f"{path}/lose", {"reason": "price", "competitor_id": str(uuid7())}).status_code == 422
    lost = n1.post(f"{path}/lose", {"reason": "price", "competitor_id": rival}).json

    assert (lost["status"], lost["lost_reason"], lost["lost_to_id"]) == ("lost", "price", rival)
    assert lost["competitor_ids"] == [rival]
    assert world.only_event("crm.sales.opportunity.lost.v1")["lost_to_id"] == rival


def test_the_stage_cannot_be_patched(world: World, n1: Client, customer: str) -> None:
    made = world.opportunity(n1, customer)

    answer = n1.patch(f"/opportunities/{made['id']}", {"stage": "negotiation"}, version=1)
    assert answer.json["errors"][0]["pointer"] == "/stage"


def test_it_is_assigned_to_active_users_in_reach_only(
    bench: Bench, world: World, n1: Client, customer: str, units: dict[str, UUID]
) -> None:
    path = f"/opportunities/{world.opportunity(n1, customer)['id']}/assign"
    colleague = bench.caller(units["N1D"], [], username="colleague").user_id
    stranger = bench.caller(units["E1"], [], username="stranger").user_id

    assert n1.post(path, {"owner_id": stranger}).json["errors"][0]["pointer"] == "/owner_id"
    assert n1.post(path, {"owner_id": colleague, "reason": "leave"}).json["owner_id"] == str(colleague)
    told = world.only_event("crm.sales.opportunity.assigned.v1")
    assert (told["previous_owner_id"], told["reason"]) == (str(n1.principal.user_id), "leave")


def test_an_edit_of_the_owner_asks_and_tells_what_assigning_does(
    bench: Bench, world: World, n1: Client, customer: str, units: dict[str, UUID]
) -> None:
    path = f"/opportunities/{world.opportunity(n1, customer)['id']}"
    colleague = bench.caller(units["N1D"], [], username="colleague").user_id
    stranger = bench.caller(units["E1"], [], username="stranger").user_id

    for nobody in (stranger, uuid7(), None):
        refused = n1.patch(path, {"owner_id": nobody}, version=1)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/owner_id")
    assert n1.patch(path, {"owner_id": colleague}, version=1).json["owner_id"] == str(colleague)
    told = world.only_event("crm.sales.opportunity.assigned.v1")
    assert (told["owner_id"], told["previous_owner_id"]) == (str(colleague), str(n1.principal.user_id))
    assert bench.events("crm.sales.opportunity.changed.v1") == []


def test_the_team_sees_it_under_scope_self(
    bench: Bench, world: World, n1: Client, customer: str, units: dict[str, UUID]
) -> None:
    agent = own_rows_only(bench, units["N1"])
    world.opportunity(n1, customer, team_ids=[str(agent.user_id)], name="Ours")
    world.opportunity(n1, customer, name="Theirs")

    assert [item["name"] for item in bench.client(agent).get("/opportunities").json["items"]] == ["Ours"]


def test_the_plan_of_an_opportunity(
    world: World, n1: Client, e1: Client, reader: Client, nobody: Client, customer: str
) -> None:
    opportunity = f"/opportunities/{world.opportunity(n1, customer)['id']}"
    plan, todo = f"{opportunity}/plan-items", {"due_on": "2026-12-01", "todo": "Visit the plant"}

    for client, status in ((nobody, 401), (reader, 403), (e1, 404), (n1, 201)):
        assert client.post(plan, todo).status_code == status
    n1.post(plan, {**todo, "due_on": "2026-11-30"})
    items = n1.get(plan).json["items"]
    assert [item["due_on"] for item in items] == ["2026-11-30", "2026-12-01"]
    assert reader.get(plan).json["items"] == items
    assert e1.get(plan).status_code == 404
    path = f"{plan}/{items[0]['id']}"
    assert n1.patch(path, {"result": "done"}).status_code == 428
    done = n1.patch(path, {"result": "done"}, version=1)
    assert (done.json["result"], done.headers["ETag"]) == ("done", '"2"')
    assert n1.patch(path, {"result": "x"}, version=1).status_code == 412
    assert n1.patch(f"{plan}/{uuid7()}", {}, version=1).status_code == 404
    assert e1.delete(path, version=2).status_code == 404
    assert n1.delete(path, version=2).status_code == 204
    assert len(n1.get(plan).json["items"]) == 1
    n1.post(f"{opportunity}/lose", {"reason": "x"})
    assert n1.post(plan, todo).status_code == 409


def find_stalled(bench: Bench, at: datetime) -> None:
    from crm_sales.opportunities.jobs import find_stalled as run

    with clock.frozen(at), bench.system() as session:
        run(session)


def test_an_opportunity_nobody_works_on_is_found_stalled_once_per_stall(
    bench: Bench, world: World, n1: Client, customer: str
) -> None:
    made = world.opportunity(n1, customer)
    later = datetime.now(UTC) + timedelta(days=29)
    find_stalled(bench, later)
    assert bench.events("crm.sales.opportunity.stalled.v1") == []

    for _ in range(2):
        find_stalled(bench, later + timedelta(days=2))
    assert world.only_event("crm.sales.opportunity.stalled.v1")["idle_days"] == 31

    n1.patch(f"/opportunities/{made['id']}", {"next_step": "call"}, version=2)
    assert n1.get(f"/opportunities/{made['id']}").json["stalled_at"] is None
    find_stalled(bench, later + timedelta(days=2))
    assert len(bench.events("crm.sales.opportunity.stalled.v1")) == 2


@pytest.mark.parametrize(("result", "stalled"), [(None, 0), ("done", 1)])
def test_a_plan_item_still_to_come_is_a_next_step(
    bench: Bench, world: World, n1: Client, customer: str, result: str | None, stalled: int
) -> None:
    made, in_future = world.opportunity(n1, customer), datetime.now(UTC) + timedelta(days=40)
    item = {"due_on": in_future.date() + timedelta(days=2), "todo": "Visit", "result": result}
    assert n1.post(f"/opportunities/{made['id']}/plan-items", item).status_code == 201

    find_stalled(bench, in_future)

    assert len(bench.events("crm.sales.opportunity.stalled.v1")) == stalled


def test_what_is_still_to_come_of_one_opportunity_keeps_no_other_from_being_stalled(
    bench: Bench, world: World, n1: Client, customer: str
) -> None:
    planned, forgotten = (world.opportunity(n1, customer, name=name) for name in ("planned", "forgotten"))
    in_future = datetime.now(UTC) + timedelta(days=40)
    item = {"due_on": in_future.date() + timedelta(days=2), "todo": "Visit"}
    assert n1.post(f"/opportunities/{planned['id']}/plan-items", item).status_code == 201

    find_stalled(bench, in_future)

    assert world.only_event("crm.sales.opportunity.stalled.v1")["id"] == forgotten["id"]


def test_the_funnel_counts_and_weighs_what_the_caller_sees(
    world: World, n1: Client, e1: Client, nobody: Client, customer: str, units: dict[str, UUID]
) -> None:
    for amount, currency in (("1000", "CNY"), ("500", "CNY"), ("10", "USD")):
        world.opportunity(n1, customer, amount={"amount": amount, "currency": currency})
    moved = world.opportunity(n1, customer, name="Other")
    n1.post(f"/opportunities/{moved['id']}/advance", {"stage": "needs"})
    world.opportunity(e1, world.customer(units["E1"], "E1-000001"))
    lost = world.opportunity(n1, customer)
    n1.post(f"/opportunities/{lost['id']}/lose", {"reason": "x"})

    (pipeline,) = n1.get("/opportunities/funnel").json["pipelines"]
    stages = {stage["stage"]: stage for stage in pipeline["stages"]}
    assert list(stages) == ["qualify", "needs", "proposal", "negotiation"]
    assert [stage["count"] for stage in stages.values()] == [3, 1, 0, 0]
    assert stages["qualify"]["amounts"] == [
        {"amount": "1500.00", "currency": "CNY"},
        {"amount": "10.00", "currency": "USD"},
    ]
    assert stages["qualify"]["weighted"][0]["amount"] == "150.00"
    filtered = n1.get("/opportunities/funnel?name=Other").json["pipelines"][0]["stages"]
    assert sum(stage["count"] for stage in filtered) == 1
    assert n1.get("/opportunities/funnel?nothing=1").status_code == 422
    assert nobody.get("/opportunities/funnel").status_code == 401


@pytest.mark.parametrize(
    ("closed", "amounts", "weighted"),
    [("amount", None, None), ("probability", [{"amount": "10.00", "currency": "CNY"}], None)],
)
def test_a_funnel_sums_nothing_that_is_closed_to_the_caller(
    bench: Bench, world: World, n1: Client, customer: str, closed: str, amounts: Any, weighted: Any
) -> None:
    world.opportunity(n1, customer, amount={"amount": "10", "currency": "CNY"})
    assert n1.principal
    unit, read = n1.principal.unit_id, ["opportunity:read"]
    partly = bench.client(bench.caller(unit, read, username="partly", fields={"opportunity": {closed: "hidden"}}))
    blind = bench.client(bench.caller(unit, read, username="blind", fields={"opportunity": {"stage": "masked"}}))

    stage = partly.get("/opportunities/funnel").json["pipelines"][0]["stages"][0]

    assert (stage["count"], stage["amounts"], stage["weighted"]) == (1, amounts, weighted)
    assert blind.get("/opportunities/funnel").status_code == 403


def test_a_board_is_read_in_the_order_of_its_cards(world: World, n1: Client, customer: str) -> None:
    for name in ("a", "b", "c"):
        world.opportunity(n1, customer, name=name)
    cards = n1.get("/opportunities?sort=board_position").json["items"]
    between = sum(float(card["board_position"]) for card in cards[:2]) / 2
    n1.patch(f"/opportunities/{cards[2]['id']}", {"board_position": f"{between:.4f}"}, version=1)

    names = [card["name"] for card in n1.get("/opportunities?sort=board_position&stage=qualify").json["items"]]
    assert sorted(names) == ["a", "b", "c"]
    assert names[1] == cards[2]["name"]
