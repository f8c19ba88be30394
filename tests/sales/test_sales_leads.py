"""Leads: pool, duplicates and conversion."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import World, own_rows_only

VERBS = {"assign": {"owner_id": None}, "claim": {}, "discard": {"reason": "x"}, "convert": {}}


def test_a_lead_is_captured(world: World, n1: Client) -> None:
    made = world.lead(n1)

    assert (made["status"], made["phone"], made["score"]) == ("new", "+8613800138000", 0)
    assert set(made["can"]) == {"update", "delete", "assign", "discard", "convert"}
    assert world.only_event("crm.sales.lead.captured.v1")["company"] == "榕树科技有限公司"
    assert n1.patch(f"/leads/{made['id']}", {"status": "working"}, version=1).json["status"] == "working"
    assert n1.patch(f"/leads/{made['id']}", {"status": "converted"}, version=2).status_code == 422


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_use_the_verbs_of_a_lead(
    world: World, n1: Client, e1: Client, reader: Client, nobody: Client, verb: str
) -> None:
    path = f"/leads/{world.lead(n1)['id']}/{verb}"

    assert nobody.post(path, VERBS[verb]).status_code in {400, 401}
    assert reader.post(path, VERBS[verb]).status_code == 403
    assert e1.post(path, VERBS[verb]).status_code == 404


def test_a_lead_in_the_pool_is_claimed_by_one_of_those_who_see_it(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    pooled, owned = world.lead(n1, owner_id=None), world.lead(n1)
    agents = [bench.client(own_rows_only(bench, units["N1"], f"agent{i}")) for i in range(4)]
    assert [lead["id"] for lead in agents[0].get("/leads").json["items"]] == [pooled["id"]]
    assert agents[0].post(f"/leads/{owned['id']}/claim").status_code == 404
    stranger = bench.client(own_rows_only(bench, units["E1"], "stranger"))
    assert stranger.post(f"/leads/{pooled['id']}/claim").status_code == 404

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda agent: agent.post(f"/leads/{pooled['id']}/claim").status_code, agents))

    assert answers.count(200) == 1
    assert set(answers) <= {200, 404, 409}
    assert world.only_event("crm.sales.lead.assigned.v1")["status"] == "working"


def test_a_lead_is_assigned_and_given_back_to_the_pool(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    path = f"/leads/{world.lead(n1)['id']}"
    colleague = bench.caller(units["N1D"], [], username="colleague").user_id
    stranger = bench.caller(units["E1"], [], username="stranger").user_id

    assert n1.post(f"{path}/assign", {"owner_id": stranger}).status_code == 422
    given = n1.post(f"{path}/assign", {"owner_id": colleague}).json
    assert (given["owner_id"], given["status"]) == (str(colleague), "working")
    back = n1.post(f"{path}/assign", {"owner_id": None}).json
    assert (back["owner_id"], back["status"]) == (None, "new")
    assert "claim" in back["can"]


def test_giving_a_lead_to_whoever_has_it_is_no_news(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    path = f"/leads/{world.lead(n1)['id']}"
    colleague = bench.caller(units["N1D"], [], username="colleague").user_id

    first, again = (n1.post(f"{path}/assign", {"owner_id": colleague}) for _ in range(2))

    assert (again.status_code, again.json["version"]) == (200, first.json["version"])
    assert world.only_event("crm.sales.lead.assigned.v1")["owner_id"] == str(colleague)


def test_an_edit_of_the_owner_of_a_lead_asks_and_tells_what_assigning_does(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    path = f"/leads/{world.lead(n1)['id']}"
    colleague = bench.caller(units["N1D"], [], username="colleague").user_id
    stranger = bench.caller(units["E1"], [], username="stranger").user_id

    assert n1.patch(path, {"owner_id": stranger}, version=1).json["errors"][0]["pointer"] == "/owner_id"
    given = n1.patch(path, {"owner_id": colleague, "note": "warm"}, version=1).json
    assert (given["owner_id"], given["status"], given["note"]) == (str(colleague), "working", "warm")
    back = n1.patch(path, {"owner_id": None}, version=given["version"]).json
    assert (back["owner_id"], back["status"]) == (None, "new")
    told = [event["data"]["owner_id"] for event in bench.events("crm.sales.lead.assigned.v1")]
    assert told == [str(colleague), None]


def test_a_discarded_lead_is_closed(world: World, n1: Client) -> None:
    path = f"/leads/{world.lead(n1)['id']}"

    gone = n1.post(f"{path}/discard", {"reason": "wrong number"}).json
    assert (gone["status"], gone["discarded_reason"]) == ("discarded", "wrong number")
    for verb, body in VERBS.items():
        assert n1.post(f"{path}/{verb}", body).status_code == 409
    assert n1.patch(path, {"name": "x"}, version=gone["version"]).status_code == 409


@pytest.mark.parametrize(
    ("candidate", "matched"),
    [
        ({"phone": "138 0013 8000"}, [["phone"]]),
        ({"email": "LI@Example.com"}, [["email"]]),
        ({"company": "榕树科技 股份有限公司"}, [["company"]]),
        ({"company": "榕树科技有限公司", "phone": "13800138000"}, [["phone", "company"]]),
        ({"phone": "13800138001"}, []),
        ({}, []),
    ],
)
def test_leads_alike_are_found_before_one_is_saved(world: World, n1: Client, candidate: Any, matched: Any) -> None:
    world.lead(n1, email="li@example.com")

    answer = n1.post("/leads/duplicates", candidate).json

    assert [item["matched"] for item in answer["items"]] == matched
    assert answer["elsewhere"] is False


def test_what_lies_in_another_company_is_hinted_at_and_not_shown(
    world: World, n1: Client, e1: Client, nobody: Client, units: dict[str, UUID]
) -> None:
    world.lead(n1)
    world.customer(units["N1"], name="榕树科技有限公司")
    candidate = {"company": "榕树科技有限公司"}

    assert [item["resource"] for item in n1.post("/leads/duplicates", candidate).json["items"]] == ["lead", "customer"]
    assert e1.post("/leads/duplicates", candidate).json == {"items": [], "elsewhere": True}
    assert nobody.post("/leads/duplicates", candidate).status_code == 401


def converting(world: World, n1: Client, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A lead being converted with an opportunity, and the event that asks for its customer."""
    lead = world.lead(n1, email="li@example.com")
    answer = n1.post(f"/leads/{lead['id']}/convert", {"opportunity": {"name": "First deal"}, **body})
    assert answer.status_code == 200, answer.json
    return dict(answer.json), world.only_event("crm.sales.lead.converted.v1")


def settle(bench: Bench, asked: dict[str, Any], fact: str = "settled", **more: Any) -> None:
    answer = {
        "id": asked["id"],
        "lead_id": asked["id"],
        "unit_id": asked["unit_id"],
        "customer_id": asked["customer"]["id"],
    }
    bench.deliver(f"crm.customer.lead-conversion.{fact}.v1", {**answer, "contact_id": None, "linked": False, **more})


def test_a_conversion_is_asked_for_in_one_step(world: World, n1: Client) -> None:
    lead, asked = converting(world, n1)

    assert (lead["status"], lead["can"], asked["status"]) == ("converting", [], "converting")
    customer = {name: asked["customer"][name] for name in ("name", "kind", "phone", "email")}
    assert customer == {
        "name": "榕树科技有限公司",
        "kind": "company",
        "phone": "+8613800138000",
        "email": "li@example.com",
    }
    assert asked["contact"]["name"] == "Li Lei"
    opportunity = n1.get(f"/opportunities/{asked['opportunity_id']}").json
    assert (opportunity["customer_id"], opportunity["lead_id"]) == (asked["customer"]["id"], lead["id"])
    assert n1.post(f"/leads/{lead['id']}/convert", {}).status_code == 409
    assert n1.patch(f"/leads/{lead['id']}", {"name": "x"}, version=lead["version"]).status_code == 409


def test_a_settled_conversion_closes_the_lead_once(bench: Bench, world: World, n1: Client) -> None:
    lead, asked = converting(world, n1)

    for _ in range(2):
        settle(bench, asked, contact_id=asked["contact"]["id"])

    after = n1.get(f"/leads/{lead['id']}").json
    assert (after["status"], after["customer_id"]) == ("converted", asked["customer"]["id"])
    assert after["contact_id"] == asked["contact"]["id"]
    assert n1.get(f"/opportunities/{asked['opportunity_id']}").json["contact_id"] == asked["contact"]["id"]
    assert world.only_event("crm.sales.lead.changed.v1")["status"] == "converted"


def test_a_conversion_is_settled_also_when_its_opportunity_was_edited_meanwhile(
    bench: Bench, world: World, n1: Client
) -> None:
    lead, asked = converting(world, n1)
    edited = n1.patch(f"/opportunities/{asked['opportunity_id']}", {"name": "Bigger deal"}, version=1)
    assert edited.status_code == 200, edited.json

    settle(bench, asked)

    assert n1.get(f"/leads/{lead['id']}").json["status"] == "converted"
    assert world.only_event("crm.sales.opportunity.changed.v1")["name"] == "Bigger deal"


def test_the_opportunity_follows_to_the_duplicate_that_was_found(bench: Bench, world: World, n1: Client) -> None:
    lead, asked = converting(world, n1)
    known = str(uuid7())

    settle(bench, asked, customer_id=known, linked=True)

    assert n1.get(f"/leads/{lead['id']}").json["customer_id"] == known
    assert n1.get(f"/opportunities/{asked['opportunity_id']}").json["customer_id"] == known
    assert world.only_event("crm.sales.opportunity.changed.v1")["customer_id"] == known


def test_a_refused_conversion_leaves_no_half_state(bench: Bench, world: World, n1: Client) -> None:
    lead, asked = converting(world, n1)

    settle(bench, asked, "refused", customer_id=None, reason="blocked name")
    settle(bench, asked)  # too late

    after = n1.get(f"/leads/{lead['id']}").json
    assert (after["status"], after["conversion_error"], after["opportunity_id"]) == ("working", "blocked name", None)
    assert n1.get(f"/opportunities/{asked['opportunity_id']}").status_code == 404
    assert world.only_event("crm.sales.opportunity.deleted.v1")["id"] == asked["opportunity_id"]
    assert "convert" in after["can"]


def test_a_lead_becomes_an_existing_customer(bench: Bench, world: World, n1: Client, units: dict[str, UUID]) -> None:
    known = world.customer(units["N1"])
    _, asked = converting(world, n1, customer_id=known, opportunity=None, contact=None)

    assert (asked["customer"], asked["contact"], asked["opportunity_id"]) == ({"id": known}, None, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"customer_id": "019a0000-0000-7000-8000-000000000000"}, 422),
        ({"customer_id": "019a0000-0000-7000-8000-000000000000", "customer": {}}, 422),
        ({"opportunity": {"pipeline_id": "019a0000-0000-7000-8000-000000000000"}}, 422),
        ({"surprise": 1}, 422),
    ],
)
def test_a_conversion_that_does_not_fit_changes_nothing(world: World, n1: Client, body: Any, status: int) -> None:
    lead = world.lead(n1)

    assert n1.post(f"/leads/{lead['id']}/convert", body).status_code == status
    assert n1.get(f"/leads/{lead['id']}").json["status"] == "new"
    assert n1.get("/opportunities").json["items"] == []


def test_a_conversion_without_the_right_to_opportunities_is_refused_as_a_whole(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    lead = world.lead(n1)
    clerk = bench.client(bench.caller(units["N1"], ["lead:read", "lead:update"], username="clerk"))

    assert clerk.post(f"/leads/{lead['id']}/convert", {"opportunity": {}}).status_code == 403
    assert n1.get(f"/leads/{lead['id']}").json["status"] == "new"


def test_a_conversion_sent_twice_with_one_key_is_one(world: World, n1: Client) -> None:
    path = f"/leads/{world.lead(n1)['id']}/convert"

    first, again = (n1.post(path, {"opportunity": {}}, key="same") for _ in range(2))

    assert again.json == first.json
    assert n1.call("POST", path, {}).json["code"] == "key_missing"
    assert len(n1.get("/opportunities").json["items"]) == 1


def test_leads_are_imported_and_updated_by_phone(bench: Bench, n1: Client) -> None:
    from io import BytesIO

    for content, mode in (
        (b"name,phone\nLi,13800138000\n", "create"),
        (b"name,phone\nLi Lei,+8613800138000\n", "upsert"),
    ):
        data = {"file": (BytesIO(content), "l.csv"), "mode": mode, **({"key": "phone"} if mode == "upsert" else {})}
        n1.call("POST", "/leads/imports", key=mode, data=data)
        bench.run_jobs()

    assert [lead["name"] for lead in n1.get("/leads").json["items"]] == ["Li Lei"]
