"""Customers: their fields, their code, and how they are found."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from werkzeug.test import TestResponse

from crm_chassis import crash
from crm_chassis.testing import Bench, Client

from .conftest import Made


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
