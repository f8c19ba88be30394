"""Trips over HTTP, and what they hear from workflow and from customers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import Group

TRIP = {"subject": "拜访华北客户", "starts_on": "2026-03-02", "ends_on": "2026-03-06"}


def draft(client: Client, **more: Any) -> dict[str, Any]:
    answer = client.post("/travel-plans", TRIP | more)
    assert answer.status_code == 201, answer.json
    return answer.json


def approved(group: Group, client: Client, **more: Any) -> str:
    path = f"/travel-plans/{draft(client, **more)['id']}"
    assert client.post(f"{path}/submit").status_code == 200
    group.decide(group.asked(), "approved")
    assert client.get(path).json["status"] == "approved"
    return path


def test_nobody_signed_in_is_told_to_sign_in(bench: Bench) -> None:
    nowhere = f"/travel-plans/{uuid7()}"
    for path in ("submit", "withdraw", "start", "finish", "settle", "cancel", "records"):
        assert bench.client().post(f"{nowhere}/{path}").status_code == 401, path
    assert bench.client().get(f"{nowhere}/records").status_code == 401


def test_a_new_trip_is_the_callers_numbered_and_in_the_units_currency(anna: Client) -> None:
    made = draft(anna, estimate={"amount": "1200", "currency": "CNY"})

    assert made["number"] == "TP-N1-000001"
    assert made["traveller_id"] == str(anna.principal.user_id)
    assert (made["status"], made["estimate"]) == ("draft", {"amount": "1200.00", "currency": "CNY"})
    assert made["can"] == ["update", "delete", "submit", "cancel"]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"ends_on": "2026-03-01"}, "/ends_on"),
        ({"traveller_id": str(uuid7())}, "/traveller_id"),
        ({"destination_region_code": "11"}, "/destination_region_code"),
        ({"customer_ids": [str(uuid7())]}, "/customer_ids/0"),
        ({"status": "approved"}, "/status"),
    ],
)
def test_what_does_not_fit_is_named(anna: Client, values: dict[str, Any], pointer: str) -> None:
    answer = anna.post("/travel-plans", TRIP | values)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_an_edit_is_checked_before_it_is_written(anna: Client) -> None:
    made = draft(anna)
    refused = anna.patch(f"/travel-plans/{made['id']}", {"ends_on": "2026-03-01"}, version=1)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "before_start")

    changed = anna.patch(f"/travel-plans/{made['id']}", {"traveller_id": None, "subject": "新事由"}, version=1)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert changed.json["traveller_id"] == made["traveller_id"]


def test_trips_into_a_region_are_those_to_everything_below_it(anna: Client) -> None:
    for subject, code in (("省", "440000"), ("区", "440106"), ("浦东", "310115"), ("别处", None)):
        draft(anna, subject=subject, destination_region_code=code)
    under = "/travel-plans?destination_region_code__under="

    assert {trip["subject"] for trip in anna.get(f"{under}440000").json["items"]} == {"省", "区"}
    assert {trip["subject"] for trip in anna.get(f"{under}440106").json["items"]} == {"区"}
    assert anna.get(f"{under}44").status_code == 422


def test_only_customers_the_caller_sees_can_be_visited(group: Group, anna: Client, eve: Client) -> None:
    customer = group.customer(group.n1)

    assert draft(anna, customer_ids=[customer])["customer_ids"] == [customer]
    assert eve.post("/travel-plans", TRIP | {"customer_ids": [customer]}).status_code == 422


def test_the_whole_life_of_a_trip(group: Group, anna: Client) -> None:
    path = approved(group, anna)
    for verb, status in (("start", "active"), ("finish", "to_settle"), ("settle", "settled")):
        answer = anna.post(f"{path}/{verb}")
        assert (answer.status_code, answer.json["status"]) == (200, status)

    facts = [e["type"].split(".")[3] for e in group.bench.events() if ".travel-plan." in e["type"]]
    assert facts == ["created", "submitted", "approved", "started", "finished", "settled"]
    assert anna.post(f"{path}/cancel").status_code == 409


def test_verbs_keep_to_scope_and_permission(group: Group, anna: Client, eve: Client) -> None:
    path = f"/travel-plans/{draft(anna)['id']}"
    reader = group.bench.client(group.bench.caller(group.n1, ["travel_plan:read"]))

    for verb in ("submit", "withdraw", "start", "finish", "settle", "cancel"):
        assert eve.post(f"{path}/{verb}").status_code == 404, verb
        assert reader.post(f"{path}/{verb}").status_code == 403, verb
    assert anna.post(f"{path}/start").status_code == 409


def test_a_submitted_trip_asks_for_approval_and_is_locked(group: Group, anna: Client) -> None:
    made = draft(anna, estimate={"amount": "800.50", "currency": "CNY"})
    submitted = anna.post(f"/travel-plans/{made['id']}/submit").json
    asked = group.asked()

    assert (asked["subject_type"], asked["subject_id"], asked["round"]) == ("travel_plan", made["id"], 1)
    assert asked["requester_id"] == str(anna.principal.user_id)
    assert asked["fields"]["amount"] == "800.50"
    assert submitted["approval_id"] == asked["id"]
    refused = anna.patch(f"/travel-plans/{made['id']}", {"subject": "x"}, version=submitted["version"])
    assert refused.status_code == 409


def test_a_returned_trip_is_corrected_and_asked_about_in_a_new_round(group: Group, anna: Client) -> None:
    path = f"/travel-plans/{draft(anna)['id']}"
    anna.post(f"{path}/submit")
    first = group.asked()
    group.decide(first, "returned", comment="太贵")

    read = anna.get(path).json
    assert (read["status"], read["decision_comment"]) == ("returned", "太贵")
    assert anna.patch(path, {"subject": "更短"}, version=read["version"]).status_code == 200
    anna.post(f"{path}/submit")
    second = group.asked()
    assert (second["round"], second["id"] != first["id"]) == (2, True)
    group.decide(first, "approved")
    assert anna.get(path).json["status"] == "submitted", "the answer to an old round must not count"
    group.decide(second, "rejected")
    assert anna.get(path).json["status"] == "rejected"


def test_answers_about_other_documents_and_repeated_ones_do_nothing(group: Group, anna: Client) -> None:
    path = f"/travel-plans/{draft(anna)['id']}"
    anna.post(f"{path}/submit")
    asked = group.asked()
    group.decide(asked | {"subject_type": "order"}, "approved")
    assert anna.get(path).json["status"] == "submitted"
    group.decide(asked, "approved")
    version = anna.get(path).json["version"]
    group.decide(asked, "approved")
    group.decide(asked, "rejected")

    assert (anna.get(path).json["status"], anna.get(path).json["version"]) == ("approved", version)


def test_withdrawing_here_calls_the_approval_off(group: Group, anna: Client) -> None:
    path = f"/travel-plans/{draft(anna)['id']}"
    anna.post(f"{path}/submit")
    assert anna.post(f"{path}/withdraw").json["status"] == "withdrawn"

    called_off = group.bench.events("crm.expenses.approval.cancelled.v1")
    assert [(e["data"]["id"], e["aggregateversion"]) for e in called_off] == [(group.asked()["id"], 2)]


def test_withdrawing_at_the_approval_takes_the_trip_back(group: Group, anna: Client) -> None:
    path = f"/travel-plans/{draft(anna)['id']}"
    anna.post(f"{path}/submit")
    withdrawn = group.asked() | {"status": "withdrawn"}
    group.bench.deliver("crm.workflow.approval.withdrawn.v1", withdrawn, version=3)

    assert anna.get(path).json["status"] == "withdrawn"
    assert group.bench.events("crm.expenses.approval.cancelled.v1") == []


def test_a_visit_is_recorded_and_announced(group: Group, anna: Client, eve: Client) -> None:
    customer = group.customer(group.n1)
    path = approved(group, anna, customer_ids=[customer])
    made = anna.post(f"{path}/records", {"on": "2026-03-03", "customer_id": customer, "what": "介绍新产品"})

    assert made.status_code == 201, made.json
    assert anna.get(f"{path}/records").json["items"] == [made.json]
    visit = group.bench.events("crm.expenses.visit.recorded.v1")[0]
    assert (visit["subject"], visit["data"]["customer_id"]) == (made.json["id"], customer)
    assert visit["data"]["owner_id"] == str(anna.principal.user_id)
    assert eve.get(f"{path}/records").status_code == 404
    assert eve.post(f"{path}/records", {"on": "2026-03-03", "what": "x"}).status_code == 404


def test_a_day_without_a_customer_is_no_visit(group: Group, anna: Client) -> None:
    path = approved(group, anna)
    assert anna.post(f"{path}/records", {"on": "2026-03-02", "what": "路上"}).status_code == 201

    assert group.bench.events("crm.expenses.visit.recorded.v1") == []


def test_a_day_is_changed_and_deleted_with_its_version(group: Group, anna: Client) -> None:
    path = approved(group, anna)
    day = anna.post(f"{path}/records", {"on": "2026-03-02", "what": "路上"}).json
    one = f"{path}/records/{day['id']}"

    assert anna.patch(one, {"result": "到达"}).status_code == 428
    assert anna.patch(one, {"on": "2026-05-01"}, version=1).status_code == 422
    changed = anna.patch(one, {"result": "到达"}, version=1)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert anna.delete(one, version=1).status_code == 412
    assert anna.delete(one, version=2).status_code == 204
    assert anna.get(f"{path}/records").json["items"] == []
    other = approved(group, anna)
    assert anna.patch(f"{other}/records/{day['id']}", {"result": "x"}, version=2).status_code == 404


def visited(group: Group, client: Client) -> tuple[str, dict[str, Any]]:
    """The path of a recorded visit, and the visit."""
    customer = group.customer(group.n1)
    path = approved(group, client, customer_ids=[customer])
    made = client.post(f"{path}/records", {"on": "2026-03-03", "customer_id": customer, "what": "介绍新产品"}).json
    return f"{path}/records/{made['id']}", made


def test_a_visit_that_is_corrected_is_announced_again_and_one_saved_as_it_was_is_not(
    group: Group, anna: Client
) -> None:
    one, made = visited(group, anna)
    same = {name: made[name] for name in ("on", "what", "customer_id")}

    assert anna.patch(one, same, version=1).json["version"] == 1
    assert anna.patch(one, {"result": "满意"}, version=1).json["version"] == 2
    assert anna.patch(one, same, version=2).status_code == 200
    told = group.bench.events("crm.expenses.visit.recorded.v1")
    assert [(visit["data"]["version"], visit["data"]["result"]) for visit in told] == [(1, None), (2, "满意")]


def test_a_visit_stays_with_its_customer(group: Group, anna: Client) -> None:
    one, made = visited(group, anna)

    for other in (group.customer(group.n1), None):
        refused = anna.patch(one, {"customer_id": other}, version=1)
        assert refused.status_code == 422
        assert (refused.json["errors"][0]["pointer"], refused.json["errors"][0]["code"]) == ("/customer_id", "fixed")
    assert anna.get(one.rpartition("/")[0]).json["items"] == [made]


def test_a_day_may_become_a_visit(group: Group, anna: Client) -> None:
    path = approved(group, anna)
    day = anna.post(f"{path}/records", {"on": "2026-03-02", "what": "路上"}).json
    customer = group.customer(group.n1)

    assert anna.patch(f"{path}/records/{day['id']}", {"customer_id": customer}, version=1).status_code == 200
    assert group.bench.events("crm.expenses.visit.recorded.v1")[0]["data"]["customer_id"] == customer


def test_a_visit_that_is_deleted_is_announced_and_a_day_without_a_customer_is_not(group: Group, anna: Client) -> None:
    one, made = visited(group, anna)
    path = one.rpartition("/")[0]
    day = anna.post(path, {"on": "2026-03-02", "what": "路上"}).json

    assert anna.delete(one, version=1).status_code == 204
    assert anna.delete(f"{path}/{day['id']}", version=1).status_code == 204
    told = group.bench.events("crm.expenses.visit.deleted.v1")
    assert [(visit["subject"], visit["aggregateversion"]) for visit in told] == [(made["id"], 2)]
    assert told[0]["data"]["customer_id"] == made["customer_id"]


def test_a_trip_that_was_approved_still_takes_its_tickets(group: Group, anna: Client) -> None:
    path = f"{approved(group, anna)}/attachments"

    ticket = anna.call("POST", path, key="ticket", data={"file": (BytesIO(b"a,b\n1,2\n"), "ticket.csv")})

    assert ticket.status_code == 201, ticket.json
    assert anna.delete(f"{path}/{ticket.json['id']}").status_code == 409


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"on": "2026-02-22", "what": "x"}, "/on"),
        ({"on": "2026-03-02"}, "/what"),
        ({"on": "2026-03-02", "what": "x", "customer_id": str(uuid7())}, "/customer_id"),
        ({"on": "2026-03-02", "what": "x", "owner_id": str(uuid7())}, "/owner_id"),
    ],
)
def test_a_day_that_does_not_fit_is_refused(group: Group, anna: Client, values: dict[str, Any], pointer: str) -> None:
    answer = anna.post(f"{approved(group, anna)}/records", values)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_days_wait_for_the_approval(anna: Client) -> None:
    path = f"/travel-plans/{draft(anna)['id']}"

    assert anna.post(f"{path}/records", {"on": "2026-03-02", "what": "x"}).status_code == 409


def test_a_traveller_sees_the_trip_somebody_else_planned_for_them(group: Group, anna: Client) -> None:
    tom = group.traveller(group.n1, "tom")
    planned = draft(anna, traveller_id=str(tom.principal.user_id))
    draft(anna)

    assert [item["id"] for item in tom.get("/travel-plans").json["items"]] == [planned["id"]]


def test_a_trip_is_planned_for_the_own_company_or_for_whom_the_right_reaches(group: Group, anna: Client) -> None:
    stranger = {"traveller_id": str(group.traveller(group.e1, "eve").principal.user_id)}
    own = draft(anna)
    for_eve = draft(group.person(group.root, "office"), **stranger, unit_id=str(group.n1))

    for refused in (
        anna.post("/travel-plans", TRIP | stranger),
        anna.patch(f"/travel-plans/{own['id']}", stranger, version=1),
    ):
        assert refused.status_code == 422
        assert [(error["pointer"], error["code"]) for error in refused.json["errors"]] == [("/traveller_id", "unknown")]
    assert anna.patch(f"/travel-plans/{for_eve['id']}", {**stranger, "subject": "y"}, version=1).status_code == 200


def test_a_handover_moves_unfinished_trips_and_leaves_drafts(group: Group, anna: Client) -> None:
    kept = draft(anna)
    path = approved(group, anna)
    heir = uuid7()
    me = str(anna.principal.user_id)
    for _ in range(2):
        group.bench.deliver("crm.gateway.user.handed-over.v1", {"id": me, "to_user_id": heir}, version=2)

    moved = anna.get(path).json
    assert (moved["owner_id"], moved["traveller_id"]) == (str(heir), me)
    assert anna.get(f"/travel-plans/{kept['id']}").json["owner_id"] == me


def test_who_follows_a_trip_up_sees_and_corrects_its_days(group: Group, anna: Client) -> None:
    heir, colleague = group.traveller(group.n1, "heir"), group.traveller(group.n1, "colleague")
    path = approved(group, anna)
    day = anna.post(f"{path}/records", {"on": "2026-03-02", "what": "路上"}).json
    handover = {"id": anna.principal.user_id, "to_user_id": heir.principal.user_id}
    group.bench.deliver("crm.gateway.user.handed-over.v1", handover, version=2)

    assert [each["id"] for each in heir.get(f"{path}/records").json["items"]] == [day["id"]]
    assert heir.patch(f"{path}/records/{day['id']}", {"result": "到达"}, version=1).status_code == 200
    assert colleague.get(f"{path}/records").status_code == 404


def test_a_merge_repoints_trips_and_days_and_its_undoing_restores_exactly_those(group: Group, anna: Client) -> None:
    gone, stays, third = (group.customer(group.n1) for _ in range(3))
    both = draft(anna, customer_ids=[gone, stays, third])["id"]
    had = draft(anna, customer_ids=[stays])["id"]
    path = approved(group, anna, customer_ids=[gone])
    day = {"on": "2026-03-03", "customer_id": gone, "what": "x"}
    anna.post(f"{path}/records", day)
    merge = {"id": gone, "unit_id": group.n1, "owner_id": None, "into_id": stays}

    def names() -> list[list[str]]:
        trips = [anna.get(f"/travel-plans/{trip}").json["customer_ids"] for trip in (both, had)]
        visited = [item["customer_id"] for item in anna.get(f"{path}/records").json["items"]]
        return [sorted(trips[0]), trips[1], anna.get(path).json["customer_ids"], visited]

    group.bench.deliver("crm.customer.customer.merged.v1", merge, version=2)
    assert names() == [sorted([stays, third]), [stays], [stays], [stays]]
    assert anna.post("/travel-plans", TRIP | {"customer_ids": [gone]}).status_code == 422
    group.bench.deliver("crm.customer.customer.unmerged.v1", merge, version=3)
    assert names() == [sorted([gone, stays, third]), [stays], [gone], [gone]]


def test_an_old_state_of_a_customer_changes_nothing(group: Group, anna: Client) -> None:
    customer = group.customer(group.n1)
    state = {"id": customer, "unit_id": group.n1, "owner_id": None, "name": "榕树"}
    group.bench.deliver("crm.customer.customer.deleted.v1", state, version=3)
    group.bench.deliver("crm.customer.customer.changed.v1", state, version=2)

    assert anna.post("/travel-plans", TRIP | {"customer_ids": [customer]}).status_code == 422
    group.bench.deliver("crm.customer.customer.changed.v1", state, version=4)
    assert anna.post("/travel-plans", TRIP | {"customer_ids": [customer]}).status_code == 201


def test_verbs_run_in_bulk(group: Group, anna: Client) -> None:
    ready, done = draft(anna)["id"], draft(anna)["id"]
    anna.post(f"/travel-plans/{done}/cancel")

    answer = anna.post("/travel-plans/bulk", {"action": "submit", "ids": [ready, done]})
    assert [(r["id"], r["status"]) for r in answer.json["results"]] == [(ready, "ok"), (done, "error")]


def test_a_trip_is_found_by_number_and_by_subject(anna: Client) -> None:
    made = draft(anna)["id"]

    for asked in ("华北", "000001", "TP-N1"):
        assert [item["id"] for item in anna.get(f"/travel-plans?q={asked}").json["items"]] == [made]
