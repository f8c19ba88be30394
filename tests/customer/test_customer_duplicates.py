"""Duplicates: what counts as one, who is stopped by it, and what is told of those out of sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_chassis.testing import Bench, Client
from crm_customer.customers import rules

Made = Callable[..., dict[str, Any]]
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
