"""Claims over HTTP: sums, policies, invoices used once in the group, approval and payment."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import text

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import Group, approved, draft, item, refusals


def test_a_group_begins_with_categories_in_both_languages_and_gets_them_once(group: Group) -> None:
    admin = group.bench.client(group.bench.caller(group.root))
    first = admin.get("/expense-categories?limit=200").json["items"]
    assert [row["code"] for row in admin.get("/expense-categories?q=taxi").json["items"]] == ["taxi"]
    assert {"meals", "lodging", "train", "flight", "taxi", "entertainment"} <= {row["code"] for row in first}
    assert all(row["name"] and row["name_en"] for row in first)

    root = {
        "id": group.root,
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
    one = next(row for row in first if row["code"] == "taxi")
    assert admin.delete(f"/expense-categories/{one['id']}", version=1).status_code == 204
    group.bench.deliver("crm.gateway.org-unit.created.v1", root)
    again = admin.get("/expense-categories?limit=200").json["items"]
    assert {row["id"] for row in again} == {row["id"] for row in first} - {one["id"]}


def test_a_code_of_a_category_is_unique_in_its_unit(group: Group) -> None:
    admin = group.bench.client(group.bench.caller(group.root))
    answer = admin.post("/expense-categories", {"code": "meals", "name": "餐"})

    assert answer.status_code == 409
    assert answer.json["errors"][0]["pointer"] == "/code"


def test_nobody_signed_in_is_told_to_sign_in(bench: Bench) -> None:
    for verb in ("submit", "withdraw", "pay"):
        assert bench.client().post(f"/claims/{uuid7()}/{verb}").status_code == 401, verb


def test_claim_verbs_need_a_key_scope_and_permission(group: Group, anna: Client, eve: Client) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"
    reader = group.bench.client(group.bench.caller(group.n1, ["claim:read"]))
    payer = group.bench.client(group.bench.caller(group.e1, ["claim:read", "claim:pay"]))

    for verb in ("submit", "withdraw"):
        assert anna.call("POST", f"{path}/{verb}").status_code == 400, verb
        assert eve.post(f"{path}/{verb}").status_code == 404, verb
        assert reader.post(f"{path}/{verb}").status_code == 403, verb
    assert anna.post(f"{path}/pay").status_code == 403
    assert payer.post(f"{path}/pay").status_code == 404
    assert anna.post(f"{path}/withdraw").status_code == 409


def test_a_claim_adds_up_in_its_currency(group: Group, anna: Client) -> None:
    made = draft(
        anna, item(group, "100.10"), item(group, "10", currency="USD", rate="7.1234"), item(group, "5", currency="CNY")
    )

    assert made["number"] == "EX-N1-000001"
    assert made["total"] == {"amount": "176.33", "currency": "CNY"}
    assert [row["converted"] for row in made["items"]] == ["100.10", "71.23", "5.00"]
    changed = anna.patch(f"/claims/{made['id']}", {"items": made["items"][:1]}, version=1)
    assert (changed.status_code, changed.json["total"]["amount"]) == (200, "100.10")


def test_another_currency_comes_with_the_items_and_their_rates(group: Group, anna: Client) -> None:
    made = draft(anna, item(group, "100"))
    path = f"/claims/{made['id']}"
    assert [row["rate"] for row in made["items"]] == [None]

    alone = anna.patch(path, {"currency": "USD"}, version=1)
    assert refusals(alone) == [("/items", "required")]
    sent_back = anna.patch(path, {"currency": "USD", "items": made["items"]}, version=1)
    assert refusals(sent_back) == [("/items/0/rate", "required")]
    rated = [row | {"rate": "0.14"} for row in made["items"]]
    changed = anna.patch(path, {"currency": "USD", "items": rated}, version=1)

    assert (changed.status_code, changed.json["total"]) == (200, {"amount": "14.00", "currency": "USD"})
    assert anna.patch(path, {"currency": "USD", "title": "y"}, version=2).status_code == 200
    assert anna.patch(f"/claims/{draft(anna)['id']}", {"currency": "USD"}, version=1).status_code == 200


def test_the_rate_one_of_an_old_item_in_the_claims_own_currency_is_none(group: Group, anna: Client) -> None:
    path = f"/claims/{draft(anna, item(group, '100'), item(group, '10', currency='USD', rate='7'))['id']}"
    with group.bench.system() as session:
        session.execute(text("UPDATE claims SET items = jsonb_set(items, '{0,rate}', '\"1\"')"))

    shown = anna.get(path).json["items"]

    assert [row["rate"] for row in shown] == [None, "7.000000"]
    assert refusals(anna.patch(path, {"currency": "USD", "items": shown}, version=1)) == [("/items/0/rate", "required")]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"category_id": str(uuid7())}, "/items/0/category_id"),
        ({"on": "2999-01-01"}, "/items/0/on"),
        ({"currency": "USD"}, "/items/0/rate"),
        ({"currency": "usd"}, "/items/0/currency"),
        ({"invoice_no": "1", "invoice_kind": "napkin"}, "/items/0/invoice_kind"),
        ({"invoice_no": "--", "invoice_kind": "taxi"}, "/items/0/invoice_no"),
        ({"amount": "0"}, "/items/0/amount"),
        ({"surprise": 1}, "/items/0/surprise"),
    ],
)
def test_an_item_that_does_not_fit_is_named(group: Group, anna: Client, values: dict[str, Any], pointer: str) -> None:
    answer = anna.post("/claims", {"title": "x", "items": [item(group) | values]})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_patch_replaces_the_items_by_whole_ones(group: Group, anna: Client) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"
    answer = anna.patch(path, {"items": [{"amount": "1"}]}, version=1)

    assert {error["pointer"] for error in answer.json["errors"]} == {"/items/0/category_id", "/items/0/on"}


def test_a_claim_names_an_approved_trip_of_its_claimant(group: Group, anna: Client) -> None:
    trip = {"subject": "拜访", "starts_on": "2026-03-02", "ends_on": "2026-03-06"}
    mine = anna.post("/travel-plans", trip).json["id"]
    body = {"title": "x", "travel_plan_id": mine}
    assert anna.post("/claims", body).json["errors"][0]["code"] == "not_approved"
    anna.post(f"/travel-plans/{mine}/submit")
    group.decide(group.asked(), "approved")

    assert anna.post("/claims", body).status_code == 201
    colleague = group.person(group.n1, "bert")
    assert colleague.post("/claims", body).json["errors"][0]["pointer"] == "/travel_plan_id"


def test_a_claim_made_on_a_trip_is_corrected_and_submitted_after_its_settlement(group: Group, anna: Client) -> None:
    trip = anna.post("/travel-plans", {"subject": "x", "starts_on": "2026-03-02", "ends_on": "2026-03-06"}).json["id"]
    anna.post(f"/travel-plans/{trip}/submit")
    group.decide(group.asked(), "approved")
    made = draft(anna, item(group), travel_plan_id=trip)
    for verb in ("start", "finish", "settle"):
        assert anna.post(f"/travel-plans/{trip}/{verb}").status_code == 200

    assert anna.patch(f"/claims/{made['id']}", {"title": "y"}, version=1).status_code == 200
    assert anna.post(f"/claims/{made['id']}/submit").status_code == 200
    another = anna.post("/claims", {"title": "x", "travel_plan_id": trip})
    assert refusals(another) == [("/travel_plan_id", "not_approved")]


def test_a_claim_beyond_the_policy_says_why_and_its_approvers_see_it(group: Group, anna: Client) -> None:
    admin = group.bench.client(group.bench.caller(group.root))
    limit = {"category_id": group.category("meals"), "limit_per_day": {"amount": "120", "currency": "CNY"}}
    assert admin.post("/expense-policies", limit).status_code == 201
    made = draft(anna, item(group, "70"), item(group, "51"), item(group, "99", on="2026-03-03"))
    path = f"/claims/{made['id']}"
    assert [row["over_policy"] for row in made["items"]] == [True, True, False]

    refused = anna.post(f"{path}/submit")
    assert refusals(refused) == [("/items/0/note", "over_policy"), ("/items/1/note", "over_policy")]
    noted = [row | {"note": "客户宴请"} for row in made["items"]]
    assert anna.patch(path, {"items": noted}, version=1).status_code == 200
    assert anna.post(f"{path}/submit").status_code == 200
    assert group.asked()["fields"]["over_policy"] is True


def test_a_policy_for_a_category_that_does_not_hold_in_its_unit_is_refused(group: Group) -> None:
    admin = group.bench.client(group.bench.caller(group.root))
    own = admin.post("/expense-categories", {"code": "x", "name": "x", "unit_id": str(group.e1)}).json["id"]
    limit = {"category_id": own, "limit_per_day": {"amount": "1", "currency": "CNY"}, "unit_id": str(group.n1)}

    assert admin.post("/expense-policies", limit).json["errors"][0]["pointer"] == "/category_id"
    assert admin.post("/expense-policies", limit | {"unit_id": str(group.e1)}).status_code == 201


def test_an_empty_claim_is_not_submitted(anna: Client) -> None:
    path = f"/claims/{draft(anna)['id']}"

    assert anna.post(f"{path}/submit").json["errors"][0]["pointer"] == "/items"


def test_a_submitted_claim_is_locked(group: Group, anna: Client) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"
    version = anna.post(f"{path}/submit").json["version"]

    assert anna.patch(path, {"title": "x"}, version=version).status_code == 409
    assert anna.delete(path, version=version).status_code == 409


def receipt(client: Client, path: str, name: str) -> Any:
    return client.call("POST", f"{path}/attachments", key=name, data={"file": (BytesIO(b"a,b\n1,2\n"), name)})


@pytest.mark.parametrize("status", ["submitted", "approved"])
def test_the_receipts_of_a_claim_stay_what_was_submitted(group: Group, anna: Client, status: str) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"
    kept = receipt(anna, path, "taxi.csv").json["id"]
    anna.post(f"{path}/submit")
    if status == "approved":
        group.decide(group.asked(), "approved")

    assert anna.get(path).json["status"] == status
    assert receipt(anna, path, "other.csv").status_code == 409
    assert anna.delete(f"{path}/attachments/{kept}").status_code == 409
    assert [file["id"] for file in anna.get(f"{path}/attachments").json["items"]] == [kept]


def test_the_receipts_of_a_claim_that_was_taken_back_can_be_changed(group: Group, anna: Client) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"
    wrong = receipt(anna, path, "wrong.csv").json["id"]
    anna.post(f"{path}/submit")
    anna.post(f"{path}/withdraw")

    assert anna.delete(f"{path}/attachments/{wrong}").status_code == 204
    assert receipt(anna, path, "right.csv").status_code == 201


def test_late_answers_and_those_about_trips_do_nothing(group: Group, anna: Client) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"
    anna.post(f"{path}/submit")
    first = group.asked()
    group.decide(first | {"subject_type": "travel_plan"}, "approved")
    anna.post(f"{path}/withdraw")
    group.decide(first, "approved")

    assert (anna.get(path).json["status"], anna.get(path).json["payment_status"]) == ("withdrawn", "none")


def test_a_cost_is_about_a_customer_that_the_caller_sees(group: Group, anna: Client, eve: Client) -> None:
    customer = {"type": "customer", "id": group.customer(group.n1)}
    made = draft(anna, about=customer)

    refused = eve.post("/claims", {"title": "x", "about": customer})
    assert refusals(refused) == [("/about/id", "unknown")]
    mine = draft(eve)
    assert refusals(eve.patch(f"/claims/{mine['id']}", {"about": customer}, version=1)) == [("/about/id", "unknown")]
    assert refusals(eve.patch(f"/claims/{mine['id']}", {"about": {"type": "customer"}}, version=1)) == [
        ("/about/id", "required")
    ]
    gone = {"id": customer["id"], "unit_id": group.n1, "owner_id": None}
    group.bench.deliver("crm.customer.customer.deleted.v1", gone, version=2)
    assert anna.patch(f"/claims/{made['id']}", {"title": "y", "about": customer}, version=1).status_code == 200


def test_the_cost_of_a_customer_follows_a_merge(group: Group, anna: Client) -> None:
    gone, stays = group.customer(group.n1), group.customer(group.n1)
    made = draft(anna, about={"type": "customer", "id": gone})
    assert made["customer_id"] == gone
    merge = {"id": gone, "unit_id": group.n1, "owner_id": None, "into_id": stays}

    group.bench.deliver("crm.customer.customer.merged.v1", merge, version=2)
    moved = anna.get(f"/claims?about_id={stays}").json["items"]
    assert [(row["id"], row["about"]) for row in moved] == [(made["id"], {"type": "customer", "id": stays})]
    group.bench.deliver("crm.customer.customer.unmerged.v1", merge, version=3)
    assert anna.get(f"/claims/{made['id']}").json["customer_id"] == gone


def test_a_handover_moves_claims_that_wait_and_leaves_the_others(group: Group, anna: Client, finance: Client) -> None:
    kept, paid, waiting = draft(anna)["id"], approved(group, anna), approved(group, anna)
    finance.post(f"{paid}/pay")
    heir, me = uuid7(), str(anna.principal.user_id)
    group.bench.deliver("crm.gateway.user.handed-over.v1", {"id": me, "to_user_id": heir}, version=2)

    owners = [anna.get(path).json["owner_id"] for path in (f"/claims/{kept}", paid, waiting)]
    assert owners == [me, me, str(heir)]
    assert anna.get(waiting).json["claimant_id"] == me


def test_a_claimant_sees_own_claims_only(group: Group, anna: Client) -> None:
    tom = group.traveller(group.n1, "tom")
    for_tom = draft(anna, claimant_id=str(tom.principal.user_id))
    draft(anna)

    assert [row["id"] for row in tom.get("/claims").json["items"]] == [for_tom["id"]]


def test_a_claim_is_for_the_own_company_or_for_whom_the_right_reaches(group: Group, anna: Client, eve: Client) -> None:
    own = group.traveller(group.n1, "own")
    tom, stranger = str(group.traveller(group.n1, "tom").principal.user_id), str(eve.principal.user_id)
    office = group.person(group.root, "office")
    for_tom = draft(own, claimant_id=tom)
    for_eve = draft(office, claimant_id=stranger, unit_id=str(group.n1))

    for client in (own, anna):
        refused = client.post("/claims", {"title": "x", "claimant_id": stranger})
        assert refusals(refused) == [("/claimant_id", "unknown")]
    assert refusals(own.patch(f"/claims/{for_tom['id']}", {"claimant_id": stranger}, version=1)) == [
        ("/claimant_id", "unknown")
    ]
    assert anna.patch(f"/claims/{for_eve['id']}", {"title": "y", "claimant_id": stranger}, version=1).status_code == 200


def test_every_heard_event_is_handled_or_ignored_on_purpose() -> None:
    from crm_contracts.events import REGISTRY
    from crm_contracts.subscriptions import subscribers_of
    from crm_expenses.subscriptions import HANDLERS, IGNORED

    heard = {event_type for event_type in REGISTRY if "expenses" in subscribers_of(event_type)}
    assert heard == set(HANDLERS) | set(IGNORED)


def test_what_a_claim_refuses_is_told_in_the_callers_language(group: Group, anna: Client) -> None:
    path = f"/claims/{draft(anna, item(group))['id']}"

    told = [anna.post(f"{path}/withdraw", headers={"Accept-Language": asked}).json["detail"] for asked in ("zh", "en")]
    assert told == ["报销单的状态为“草稿”，不能撤回。", "A claim that is draft does not take “withdraw”."]
    wrong = {"title": "t", "items": [item(group, category_id=str(uuid7()))]}
    told = [anna.post("/claims", wrong, headers={"Accept-Language": asked}).json for asked in ("zh", "en")]
    assert [each["errors"][0]["pointer"] for each in told] == ["/items/0/category_id"] * 2
    assert [each["errors"][0]["message"] for each in told] == [
        "请选择启用的费用类别。",
        "Choose an active expense category.",
    ]
