"""Duplicates: what counts as one, who is stopped by it, and what is told of those out of sight."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import org
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client
from crm_customer.customers import rules
from crm_customer.customers.models import Customer, CustomerKey

from .conftest import ALL, Made

CODE = "91110000600037341L"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("上海榕树有限公司", "上海 榕树 股份有限公司", True),
        ("上海榕树（集团）有限公司", "上海榕树集团", True),
        ("ＡＣＭＥ Co., Ltd.", "acme", True),
        ("Acme Corporation", "ACME Inc.", True),
        ("上海榕树", "北京榕树", False),
        ("有限公司", "公司", False),
        ("Co", "Inc", False),
    ],
)
def test_names_are_compared_without_form_and_punctuation(one: str, other: str, same: bool) -> None:
    assert (rules.name_key(one) == rules.name_key(other)) is same


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({}, set()),
        ({"name": "王伟", "kind": "person"}, {("person_name", "王伟")}),
        ({"phone": "+861", "mobile": "+861"}, {("phone", "+861")}),
        ({"email": "A@QQ.com"}, {("email", "a@qq.com")}),
        ({"email": "a@acme.example"}, {("email", "a@acme.example"), ("domain", "acme.example")}),
        ({"website": "https://www.acme.example/x"}, {("domain", "acme.example")}),
        ({"email": "a@263.net", "website": "https://item.taobao.com/7"}, {("email", "a@263.net")}),
        ({"website": "https://acme.taobao.com"}, {("domain", "acme.taobao.com")}),
    ],
)
def test_the_keys_of_a_customer(values: dict[str, Any], keys: set[tuple[str, str]]) -> None:
    assert rules.keys_of(values) == keys


@pytest.mark.parametrize(
    ("kinds", "same_company", "strong"),
    [
        ({"credit_code"}, False, True),
        ({"name"}, True, True),
        ({"name"}, False, False),
        ({"phone"}, True, True),
        ({"person_name"}, True, False),
        ({"email", "domain"}, True, False),
    ],
)
def test_what_convinces(kinds: set[str], same_company: bool, strong: bool) -> None:
    assert rules.is_strong(kinds, same_company=same_company) is strong


def test_the_most_alike_come_first() -> None:
    best_first = [
        ({"credit_code"}, True),
        ({"phone", "name"}, True),
        ({"phone", "domain"}, True),
        ({"phone"}, True),
        ({"name"}, True),
        ({"credit_code"}, False),
        ({"email", "domain"}, True),
        ({"person_name"}, True),
        ({"domain"}, True),
        ({"phone"}, False),
    ]

    worst_first = best_first[::-1]
    assert sorted(worst_first, key=lambda each: rules.likeness(each[0], same_company=each[1])) == best_first


@pytest.mark.parametrize(
    ("code", "issued"), [("N1-000001", True), ("N1-7", True), ("X9-000001", False), ("N1-A1", False), ("000001", False)]
)
def test_codes_of_the_issued_form_are_reserved(code: str, issued: bool) -> None:
    assert rules.looks_issued(code, {"N1", "E1"}) is issued


def test_a_customer_that_seems_to_exist_is_shown_before_another_is_made(n1: Client, made: Made) -> None:
    known = made("榕树有限公司", phone="021-58880000")

    by_name = n1.post("/customers", {"name": "榕树公司"})
    by_phone = n1.post("/customers", {"name": "别的", "mobile": "+862158880000"})

    assert (by_name.status_code, by_name.json["code"]) == (409, "duplicate_suspected")
    assert [(m["id"], m["by"]) for m in by_name.json["matches"]] == [(known["id"], ["name"])]
    assert by_phone.json["matches"][0]["by"] == ["phone"]
    assert n1.post("/customers", {"name": "榕树公司", "allow_duplicate": True}).status_code == 201


def test_two_people_may_have_one_name(n1: Client, made: Made) -> None:
    made("王伟", kind="person")

    assert n1.post("/customers", {"name": "王伟", "kind": "person"}).status_code == 201


def test_a_credit_code_is_there_once_in_a_company_whatever_is_allowed(n1: Client, made: Made) -> None:
    made("甲", credit_code=CODE)
    other = made("乙")

    refused = n1.post("/customers", {"name": "丙", "credit_code": CODE.lower(), "allow_duplicate": True})

    assert (refused.status_code, refused.json["code"]) == (409, "duplicate")
    assert refused.json["errors"][0]["pointer"] == "/credit_code"
    assert n1.patch(f"/customers/{other['id']}", {"credit_code": CODE}, version=1).status_code == 409


def test_of_another_company_nothing_is_told_but_that_there_is_one(made: Made, e1: Client) -> None:
    known = made("甲", credit_code=CODE)

    refused = e1.post("/customers", {"name": "乙", "credit_code": CODE})

    assert (refused.status_code, refused.json["code"]) == (409, "duplicate_suspected")
    assert (refused.json["matches"], refused.json["elsewhere"]) == ([], "group")
    assert "head office" in refused.json["message"]
    assert known["id"] not in refused.text
    assert "甲" not in refused.text
    assert e1.post("/customers", {"name": "甲"}).status_code == 201
    assert e1.post("/customers", {"name": "乙", "credit_code": CODE, "allow_duplicate": True}).status_code == 201


def test_of_a_colleagues_customer_only_that_it_exists(seller: Client, made: Made) -> None:
    made("榕树有限公司")

    refused = seller.post("/customers", {"name": "榕树"})

    assert (refused.json["matches"], refused.json["elsewhere"]) == ([], "company")


def test_candidates_are_compared_while_they_are_typed(bench: Bench, n1: Client, e1: Client, made: Made) -> None:
    known = made("榕树有限公司", email="a@banyan.example")
    asked = {"name": "榕树", "website": "https://banyan.example"}

    assert bench.client().post("/customers/duplicates", asked).status_code == 401
    reader = bench.client(bench.caller(n1.principal.unit_id, ["customer:read"]))
    assert reader.post("/customers/duplicates", asked).status_code == 403
    found = n1.post("/customers/duplicates", asked).json
    assert [(m["id"], m["by"], m["strong"]) for m in found["matches"]] == [(known["id"], ["domain", "name"], True)]
    assert n1.post("/customers/duplicates", {**asked, "except_id": known["id"]}).json["matches"] == []
    assert e1.post("/customers/duplicates", asked).json["elsewhere"] == "group"
    assert n1.post("/customers/duplicates", {}).json == {"matches": [], "elsewhere": None, "message": None}


def test_what_a_customer_is_found_by_follows_its_edits(n1: Client, made: Made) -> None:
    known = made("榕树有限公司")
    n1.patch(f"/customers/{known['id']}", {"name": "大树有限公司"}, version=1)

    assert n1.post("/customers", {"name": "榕树"}).status_code == 201
    assert n1.post("/customers", {"name": "大树"}).status_code == 409


def test_a_deleted_customer_stands_in_nobodys_way(n1: Client, made: Made) -> None:
    n1.delete(f"/customers/{made('榕树')['id']}", version=1)

    assert n1.post("/customers", {"name": "榕树"}).status_code == 201


def crowd(bench: Bench, unit_id: UUID, kind: str, value: str, *, count: int = 120) -> None:
    """So many customers of the unit that share a value."""
    with bench.system() as session:
        members = [Customer(id=uuid7(), unit_id=unit_id, code=f"C-{kind}-{n}", name=f"众{n}") for n in range(count)]
        session.add_all(members)
        session.flush()
        session.add_all(CustomerKey(kind=kind, value=value, customer_id=member.id) for member in members)


@pytest.mark.parametrize(
    ("kind", "value", "common"),
    [
        ("domain", "crowd.example", {"website": "https://crowd.example"}),
        ("email", "info@gmail.com", {"email": "info@gmail.com"}),
        ("name", "榕树", {"name": "榕树有限公司"}),
    ],
)
def test_what_very_many_share_does_not_hide_who_has_the_same_telephone(
    bench: Bench, units: dict[str, UUID], n1: Client, made: Made, kind: str, value: str, common: dict[str, Any]
) -> None:
    crowd(bench, units["E1"], kind, value)
    known = made("甲", mobile="13800138000")

    refused = n1.post("/customers", {"name": "乙", "phone": "13800138000", **common})

    assert (refused.status_code, refused.json["code"]) == (409, "duplicate_suspected")
    assert refused.json["matches"][0]["id"] == known["id"]
    assert n1.post("/customers/duplicates", {"phone": "13800138000", **common}).json["matches"][0]["id"] == known["id"]


def test_a_name_of_the_company_is_found_behind_those_of_many_others(
    bench: Bench, units: dict[str, UUID], n1: Client, made: Made
) -> None:
    crowd(bench, units["E1"], "name", "榕树")
    made("榕树有限公司")

    assert n1.post("/customers", {"name": "榕树公司"}).status_code == 409


def test_a_credit_code_is_not_used_again_however_many_other_companies_have_it(
    bench: Bench, units: dict[str, UUID], n1: Client, made: Made
) -> None:
    crowd(bench, units["E1"], "credit_code", CODE)
    made("甲", credit_code=CODE, allow_duplicate=True)
    other = made("乙")

    refused = n1.post("/customers", {"name": "丙", "credit_code": CODE, "allow_duplicate": True})

    assert (refused.status_code, refused.json["code"]) == (409, "duplicate")
    assert n1.patch(f"/customers/{other['id']}", {"credit_code": CODE}, version=1).status_code == 409


def test_of_several_who_use_a_credit_code_at_once_one_gets_it(n1: Client, made: Made) -> None:
    bystanders = [made(name) for name in ("甲甲", "乙乙")]

    def use(number: int) -> int:
        if number < len(bystanders):
            path = f"/customers/{bystanders[number]['id']}"
            return n1.patch(path, {"credit_code": CODE}, version=1).status_code
        body = {"name": f"新{number}", "credit_code": CODE, "allow_duplicate": True}
        return n1.post("/customers", body).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(use, range(6)))

    assert answers[0] in {200, 201}
    assert answers[1:] == [409] * 5
    assert n1.get(f"/customers?credit_code={CODE}&count=true").json["total"] == 1


def test_a_customer_does_not_come_to_a_company_that_has_its_credit_code(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, made: Made
) -> None:
    made("甲", credit_code=CODE)
    theirs = made("乙", e1, credit_code=CODE, allow_duplicate=True)
    path = f"/customers/{theirs['id']}"
    office = bench.client(bench.caller(units["BD"], None, username="office"))

    given = office.post(f"{path}/assign", {"owner_id": str(n1.principal.user_id)})
    moved = office.patch(path, {"unit_id": str(units["A"])}, version=1)

    assert [(each.status_code, each.json["code"]) for each in (given, moved)] == [(409, "duplicate")] * 2
    assert office.get(path).json["unit_id"] == str(units["E1"])


def test_a_deleted_customer_stays_so_when_another_has_taken_its_credit_code(n1: Client, made: Made) -> None:
    gone, free = made("甲", credit_code=CODE), made("乙")
    for customer in (gone, free):
        n1.delete(f"/customers/{customer['id']}", version=1)
    made("丙", credit_code=CODE)

    refused = n1.post(f"/customers/{gone['id']}/restore")

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/credit_code")
    assert n1.post(f"/customers/{free['id']}/restore").status_code == 200


def move(bench: Bench, unit_id: UUID, parent_id: UUID) -> None:
    """Have the service hear that a team was moved under another unit."""
    names = {"code": "E1A", "name": "E1A", "name_en": "E1A", "kind": "team", "manager_id": None}
    place = {"parent_id": parent_id, "timezone": "Asia/Shanghai", "currency": "CNY", "active": True, "tree_version": 2}
    bench.deliver("crm.gateway.org-unit.moved.v1", {"id": unit_id, **names, **place}, version=2)
    org.forget_tree()


def test_customers_that_are_double_since_their_unit_was_moved_are_listed(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, made: Made
) -> None:
    team = bench.unit("E1A", units["E1"], "team")
    mine, other = made("甲", credit_code=CODE), made("丁")
    twin = made("乙", e1, credit_code=CODE, allow_duplicate=True, unit_id=str(team))
    office = bench.client(bench.caller(units["BD"], None, username="office"))
    listed = "/customers?doubled=true&sort=code"
    assert office.get(listed).json["items"] == [], "of two companies"

    move(bench, team, units["N1"])

    assert {each["id"] for each in n1.get(listed).json["items"]} == {mine["id"], twin["id"]}
    assert [each["id"] for each in n1.get("/customers?doubled=false").json["items"]] == [other["id"]]
    theirs = bench.client(bench.caller(team, ALL, username="theirs"))
    assert [each["id"] for each in theirs.get(listed).json["items"]] == [twin["id"]]
    asked = {"credit_code": CODE, "except_id": mine["id"]}
    assert [(each["id"], each["strong"]) for each in n1.post("/customers/duplicates", asked).json["matches"]] == [
        (twin["id"], True)
    ]
    n1.delete(f"/customers/{mine['id']}", version=1)
    assert n1.get(listed).json["items"] == []


def test_who_may_not_see_credit_codes_is_not_told_that_two_are_the_same(bench: Bench, units: dict[str, UUID]) -> None:
    closed = {"customer": {"credit_code": "masked"}}
    reader = bench.client(bench.caller(units["N1"], ["customer:read"], fields=closed))

    assert reader.get("/customers?doubled=true").status_code == 422
    assert bench.client(bench.caller(units["N1"], ALL)).get("/customers?doubled=perhaps").status_code == 422
