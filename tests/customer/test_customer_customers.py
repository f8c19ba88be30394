"""Customers: their fields, their code, their owner, and who may do what to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from crm_chassis import crash
from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.org import OrgUser
from crm_chassis.testing import Bench, Client

Made = Callable[..., dict[str, Any]]


def test_a_customer_gets_the_next_code_of_its_company(made: Made, e1: Client, bench: Bench) -> None:
    assert made("甲")["code"] == "N1-000001"
    assert made("乙")["code"] == "N1-000002"
    assert made("丙", e1)["code"] == "E1-000001"
    created = bench.events("crm.customer.customer.created.v1")
    assert [event["data"]["code"] for event in created] == ["N1-000001", "N1-000002", "E1-000001"]


def test_who_creates_does_not_wait_for_a_colleague_who_does(n1: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    colleagues: list[TestResponse] = []

    def create() -> None:
        colleagues.append(n1.post("/customers", {"name": f"乙{len(colleagues)}", "kind": "company"}))

    def point(name: str) -> None:
        if name == "before_commit" and threading.current_thread() is threading.main_thread():
            other = threading.Thread(target=create)
            other.start()
            other.join()

    monkeypatch.setattr(crash, "point", point)
    mine = n1.post("/customers", {"name": "甲", "kind": "company"})

    made = [mine, *colleagues]
    assert len(made) > 1
    assert {each.status_code for each in made} == {201}
    assert {each.json["code"] for each in made} == {f"N1-{number:06d}" for number in range(1, len(made) + 1)}


@pytest.mark.parametrize("change", [{"name": "新名字有限公司"}, {"phone": "+862158880000"}, {"level": "A"}])
def test_a_change_is_announced_whatever_was_changed(
    made: Made, n1: Client, bench: Bench, change: dict[str, Any]
) -> None:
    """A new name is also looked up among the duplicates, which writes it to the database before the action is done."""
    customer = made("旧名字有限公司")

    changed = n1.patch(f"/customers/{customer['id']}", change, version=customer["version"]).json

    events = bench.events("crm.customer.customer.changed.v1")
    assert [(event["data"]["name"], event["aggregateversion"]) for event in events] == [
        (changed["name"], changed["version"])
    ]


def test_every_field_comes_back_as_it_was_sent(made: Made) -> None:
    sent = {
        "short_name": "榕树",
        "kind": "company",
        "relation": "customer",
        "status": "active",
        "level": "A",
        "industry": "manufacturing",
        "source": "referral",
        "region_code": "310115",
        "area_code": "021",
        "postcode": "200120",
        "address": "世纪大道 1 号",
        "phone": "+862158880000",
        "mobile": "+8613800138000",
        "email": "hello@banyan.example",
        "website": "https://banyan.example",
        "annual_revenue": {"amount": "1000000.00", "currency": "CNY"},
        "employee_count": 120,
        "credit_code": "91110000600037341L",
        "legal_representative": "王一",
        "registered_capital": {"amount": "500000.00", "currency": "CNY"},
        "bank_name": "中国银行",
        "bank_account": "6222 0000",
        "tax_no": "91110000600037341L",
        "satisfaction": 4,
        "credit_rating": "AA",
        "credit_limit": {"amount": "20000.00", "currency": "CNY"},
        "tags": ["vip"],
    }

    got = made("榕树有限公司", **sent)

    assert {name: got[name] for name in sent} == sent
    assert got["can"] == ["update", "delete", "assign", "release"]
    assert "allow_duplicate" not in got


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"region_code": "999999"}, "/region_code"),
        ({"credit_code": "91110000600037341X"}, "/credit_code"),
        ({"level": "Z"}, "/level"),
        ({"industry": "piracy"}, "/industry"),
        ({"kind": "ghost"}, "/kind"),
        ({"kind": None}, "/kind"),
        ({"phone": "12"}, "/phone"),
        ({"parent_id": "0190aaaa-0000-7000-8000-000000000000"}, "/parent_id"),
        ({"code": "N1-000777"}, "/code"),
        ({"satisfaction": 6}, "/satisfaction"),
        ({"last_order_at": "2026-01-01T00:00:00Z"}, "/last_order_at"),
        ({"churn_risk": "low"}, "/churn_risk"),
    ],
)
def test_a_value_that_does_not_fit_is_named(n1: Client, values: dict[str, Any], pointer: str) -> None:
    answer = n1.post("/customers", {"name": "甲", **values})

    assert answer.status_code == 422, answer.json
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_code_of_ones_own_is_taken_and_stays(n1: Client, made: Made) -> None:
    customer = made("甲", code="ERP-77")

    assert customer["code"] == "ERP-77"
    path = f"/customers/{customer['id']}"
    assert n1.patch(path, {"code": "ERP-78"}, version=1).json["errors"][0]["code"] == "fixed"
    assert n1.patch(path, {"code": "ERP-77", "level": "B"}, version=1).status_code == 200
    assert n1.post("/customers", {"name": "乙", "code": "ERP-77"}).status_code == 409


def test_the_code_of_a_deleted_customer_may_be_given_again(n1: Client, made: Made) -> None:
    gone, free = made("甲", code="ERP-77"), made("丁", code="ERP-78")
    for customer in (gone, free):
        n1.delete(f"/customers/{customer['id']}", version=1)

    heir = made("乙", code="ERP-77")
    refused = n1.post(f"/customers/{gone['id']}/restore")

    assert (refused.status_code, refused.json["code"]) == (409, "duplicate")
    assert refused.json["errors"][0]["pointer"] == "/code"
    assert "ERP-77 by now. Delete that one" in refused.json["detail"]
    assert n1.post(f"/customers/{free['id']}/restore").status_code == 200
    n1.delete(f"/customers/{heir['id']}", version=1)
    assert n1.post(f"/customers/{gone['id']}/restore").json["code"] == "ERP-77"


def test_of_another_company_a_restored_customer_learns_only_that_its_code_is_taken(
    n1: Client, e1: Client, made: Made
) -> None:
    gone = made("甲", code="ERP-77")
    n1.delete(f"/customers/{gone['id']}", version=1)
    made("不可见的客户", e1, code="ERP-77")

    refused = n1.post(f"/customers/{gone['id']}/restore", headers={"Accept-Language": "zh"})

    assert refused.status_code == 409
    assert "ERP-77" in refused.json["detail"]
    assert "不可见的客户" not in refused.text


def test_restoring_many_leaves_out_those_whose_code_was_given_again(n1: Client, made: Made) -> None:
    twins = [made("甲", code="ERP-77")]
    n1.delete(f"/customers/{twins[0]['id']}", version=1)
    twins.append(made("乙", code="ERP-77"))
    n1.delete(f"/customers/{twins[1]['id']}", version=1)

    done = n1.post("/customers/bulk", {"action": "restore", "ids": [each["id"] for each in twins]}).json["results"]

    assert [each["status"] for each in done] == ["ok", "error"]
    assert done[1]["problem"]["errors"][0]["pointer"] == "/code"


def test_a_unit_may_replace_the_options_of_a_choice(n1: Client, made: Made, e1: Client) -> None:
    options = [{"value": "gold", "label": ["金卡", "Gold"]}]
    field = {"key": "level", "label_zh": "级别", "label_en": "Level", "kind": "options", "options": options}
    assert n1.post("/customers/fields", field).status_code == 201

    assert made("甲", level="gold")["level"] == "gold"
    assert n1.post("/customers", {"name": "乙", "level": "A"}).status_code == 422
    assert e1.post("/customers", {"name": "丙", "level": "gold"}).status_code == 422


def test_a_customer_is_never_above_itself(n1: Client, made: Made) -> None:
    top = made("甲")
    middle = made("乙", parent_id=top["id"])
    low = made("丙", parent_id=middle["id"])

    refused = n1.patch(f"/customers/{top['id']}", {"parent_id": low["id"]}, version=1)
    itself = n1.patch(f"/customers/{top['id']}", {"parent_id": top["id"]}, version=1)

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "cycle")
    assert itself.json["errors"][0]["code"] == "cycle"
    assert n1.patch(f"/customers/{low['id']}", {"parent_id": top["id"]}, version=1).status_code == 200


def test_one_amount_cannot_change_the_currency_of_the_others(n1: Client, made: Made) -> None:
    customer = made("甲", credit_limit={"amount": "10.00", "currency": "CNY"})

    answer = n1.patch(
        f"/customers/{customer['id']}", {"annual_revenue": {"amount": "1.00", "currency": "USD"}}, version=1
    )

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "currency_mixed")


@pytest.mark.parametrize("query", ["q=榕树", "q=rs", "q=N1-0000", "q=8880", "q=Banyan", "region_code=310115"])
def test_a_customer_is_found_by_any_of_its_names_and_numbers(n1: Client, made: Made, query: str) -> None:
    made("榕树有限公司", short_name="Banyan Ltd", phone="021-58880000", region_code="310115")
    made("别家")

    found = [item["name"] for item in n1.get(f"/customers?{query}").json["items"]]

    assert "榕树有限公司" in found
    assert found == ["榕树有限公司"] or query == "q=N1-0000"


# --- owner and pool ---------------------------------------------------------------------------------------------------


def test_who_creates_a_customer_owns_it_and_others_own_nothing_of_it(
    bench: Bench, units: dict[str, UUID], seller: Client, made: Made
) -> None:
    mine, theirs = made("我的", seller), made("别人的")

    assert mine["owner_id"] == str(seller.principal.user_id)
    assert mine["unit_id"] == str(units["A"])
    assert seller.get(f"/customers/{theirs['id']}").status_code == 404
    assert [item["id"] for item in seller.get("/customers").json["items"]] == [mine["id"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("assign", {"owner_id": "0190aaaa-0000-7000-8000-000000000000"}),
        ("claim", {}),
        ("release", {"reason": "x"}),
    ],
)
def test_verbs_refuse_strangers(
    bench: Bench, units: dict[str, UUID], e1: Client, made: Made, path: str, body: dict[str, Any]
) -> None:
    target = f"/customers/{made('甲')['id']}/{path}"
    reader = bench.client(bench.caller(units["N1"], ["customer:read"]))

    assert bench.client().post(target, body).status_code == 401
    assert e1.post(target, body).status_code == 404
    assert reader.post(target, body).status_code == 403


def test_assigning_takes_contacts_and_history_along(
    bench: Bench, units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    customer = made("甲")
    contact = n1.post("/contacts", {"customer_id": customer["id"], "name": "王一"}).json
    call = {"customer_id": customer["id"], "kind": "call", "subject": "你好"}
    interaction = n1.post("/interactions", call).json
    moved = n1.post(
        f"/customers/{customer['id']}/assign", {"owner_id": str(seller.principal.user_id), "reason": "调整"}
    )

    assert moved.status_code == 200, moved.json
    owner = str(seller.principal.user_id)
    assert (moved.json["owner_id"], moved.json["unit_id"]) == (owner, str(units["A"]))
    followed = seller.get(f"/contacts/{contact['id']}").json
    assert (followed["owner_id"], followed["unit_id"], followed["version"]) == (owner, str(units["A"]), 2)
    assert seller.get(f"/interactions/{interaction['id']}").json["unit_id"] == str(units["A"])
    history = seller.get(f"/customers/{customer['id']}/ownerships").json["items"]
    assert [(entry["action"], entry["reason"], entry["to_owner_id"]) for entry in history] == [
        ("assign", "调整", owner)
    ]
    event = bench.events("crm.customer.customer.assigned.v1")[0]["data"]
    assert (event["owner_id"], event["from_owner_id"]) == (owner, str(n1.principal.user_id))
    assert [event["data"]["owner_id"] for event in bench.events("crm.customer.contact.changed.v1")] == [owner]


def test_assigning_needs_an_active_user_within_reach_who_is_new(n1: Client, e1: Client, made: Made) -> None:
    path = f"/customers/{made('甲')['id']}/assign"

    assert n1.post(path, {"owner_id": str(uuid7())}).json["errors"][0]["code"] == "unknown"
    assert n1.post(path, {"owner_id": str(e1.principal.user_id)}).json["errors"][0]["code"] == "out_of_scope"
    assert n1.post(path, {"owner_id": str(n1.principal.user_id)}).status_code == 409


def test_a_released_customer_is_in_its_companys_pool_until_somebody_claims_it(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, seller: Client, made: Made
) -> None:
    customer = made("甲", seller)
    path = f"/customers/{customer['id']}"
    released = seller.post(f"{path}/release", {"reason": "无意向"})
    assert (released.status_code, released.json["owner_id"]) == (200, None)
    assert released.json["pooled_at"]
    assert seller.post(f"{path}/release", {"reason": "x"}).status_code in {403, 409}
    assert seller.get(path).status_code == 200
    assert seller.get(path).json["can"] == ["claim"]
    assert e1.get(path).status_code == 404

    other = bench.client(bench.caller(units["B"], ["customer:claim", "customer:read"], username="other"))
    assert other.post(f"{path}/claim").status_code == 404
    claimed = seller.post(f"{path}/claim")

    assert (claimed.status_code, claimed.json["pooled_at"]) == (200, None)
    assert n1.post(f"{path}/claim").status_code == 409
    assert [event["data"]["id"] for event in bench.events("crm.customer.customer.pooled.v1")] == [customer["id"]]


def test_of_many_who_claim_at_once_one_gets_it(bench: Bench, units: dict[str, UUID], n1: Client, made: Made) -> None:
    path = f"/customers/{made('甲')['id']}"
    n1.post(f"{path}/release", {"reason": "x"})
    clients = [bench.client(bench.caller(units["N1"], ["customer:read", "customer:claim"])) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: client.post(f"{path}/claim").status_code, clients))

    assert sorted(answers) == [200, *[409] * 7]


def test_a_manager_who_takes_a_customer_leaves_it_in_its_team(
    units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    customer = made("甲", seller)

    moved = n1.post(f"/customers/{customer['id']}/assign", {"owner_id": str(n1.principal.user_id)}).json

    assert (moved["owner_id"], moved["unit_id"]) == (str(n1.principal.user_id), str(units["A"]))


def test_an_edit_of_the_owner_does_and_tells_what_assigning_does(
    bench: Bench, units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    customer, owner = made("甲"), str(seller.principal.user_id)
    changed = n1.patch(f"/customers/{customer['id']}", {**_sent_back(customer), "owner_id": owner}, version=1)

    assert changed.status_code == 200, changed.json
    assert (changed.json["owner_id"], changed.json["unit_id"]) == (owner, str(units["A"]))
    history = n1.get(f"/customers/{customer['id']}/ownerships").json["items"]
    assert [entry["action"] for entry in history] == ["assign"]
    (told,) = bench.events("crm.customer.customer.assigned.v1")
    assert (told["data"]["owner_id"], told["data"]["from_owner_id"]) == (owner, customer["owner_id"])
    assert bench.events("crm.customer.customer.changed.v1") == []


def _sent_back(customer: dict[str, Any]) -> dict[str, Any]:
    """What a caller sends who edits one field and leaves the others as they were read."""
    return {name: customer[name] for name in ("name", "code", "unit_id", "tags", "custom")}


def test_an_edit_of_the_owner_and_more_is_told_as_both_and_takes_the_unit_it_names(
    bench: Bench, units: dict[str, UUID], n1: Client, seller: Client, made: Made
) -> None:
    path = f"/customers/{made('甲')['id']}"
    wanted = {"owner_id": str(seller.principal.user_id), "unit_id": str(units["B"]), "level": "A"}

    changed = n1.patch(path, wanted, version=1).json

    assert {name: changed[name] for name in wanted} == wanted
    facts = [
        (e["type"].split(".")[3], e["aggregateversion"]) for e in bench.events() if ".customer.customer." in e["type"]
    ]
    assert facts == [("created", 1), ("assigned", 2), ("changed", 3)]


def test_an_edit_gives_a_customer_to_nobody_whom_assigning_would_not(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, seller: Client, made: Made
) -> None:
    path, colleague = f"/customers/{made('甲')['id']}", str(seller.principal.user_id)
    elsewhere = Grant(subtrees=frozenset({units["E1"]}))
    here = Grant(subtrees=frozenset({units["N1"]}))
    grants = {"customer:read": here, "customer:update": here, "customer:assign": elsewhere}
    stranger = bench.client(bench.caller(units["N1"], grants))

    def refusal(client: Client, owner_id: str | None) -> tuple[int, str, str]:
        answer = client.patch(path, {"owner_id": owner_id}, version=1)
        error = answer.json.get("errors", [{"pointer": "", "code": answer.json["code"]}])[0]
        return answer.status_code, error["pointer"], error["code"]

    assert refusal(n1, str(uuid7())) == (422, "/owner_id", "unknown")
    assert refusal(n1, str(e1.principal.user_id)) == (422, "/owner_id", "out_of_scope")
    assert refusal(n1, None) == (422, "/owner_id", "required")
    assert refusal(stranger, colleague) == (403, "", "forbidden")
    assert "`release`" in n1.patch(path, {"owner_id": None}, version=1).json["detail"]
    assert n1.get(path).json["version"] == 1


def test_a_new_customer_is_given_to_active_users_in_reach_only(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, seller: Client
) -> None:
    left = bench.caller(units["A"], [], username="left").user_id
    with bench.system() as session:
        session.get_one(OrgUser, left).active = False
    boss = bench.caller(units["BD"], [], username="boss").user_id

    def answer(owner_id: UUID) -> Any:
        made = n1.post("/customers", {"name": str(uuid7()), "owner_id": str(owner_id)})
        return made.status_code if made.status_code == 201 else made.json["errors"][0]["code"]

    assert answer(uuid7()) == answer(left) == "unknown"
    assert answer(e1.principal.user_id) == "out_of_scope"
    assert answer(seller.principal.user_id) == answer(boss) == 201
    refused = seller.post("/customers", {"name": "乙", "owner_id": str(n1.principal.user_id)})
    assert refused.json["errors"][0]["pointer"] == "/owner_id"


def test_customers_can_be_assigned_in_bulk(n1: Client, seller: Client, made: Made) -> None:
    chosen = [made(name)["id"] for name in ("甲甲", "乙乙")]

    body = {"action": "assign", "ids": chosen, "args": {"owner_id": str(seller.principal.user_id)}}
    answer = n1.post("/customers/bulk", body)

    assert [result["status"] for result in answer.json["results"]] == ["ok", "ok"], answer.json
    assert {item["id"] for item in seller.get("/customers").json["items"]} == set(chosen)


def test_ownerships_are_the_customers_readers_business_only(bench: Bench, e1: Client, made: Made) -> None:
    path = f"/customers/{made('甲')['id']}/ownerships"

    assert bench.client().get(path).status_code == 401
    assert e1.get(path).status_code == 404
