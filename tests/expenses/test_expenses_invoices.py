"""Invoices: each is claimed once in the whole group, and given back by a claim that is over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crm_chassis.testing import Client

from .conftest import Group, draft, item, refusals


def invoice(group: Group, number: str, kind: str = "e_invoice", **more: Any) -> dict[str, Any]:
    return item(group, invoice_no=number, invoice_kind=kind, **more)


def test_an_invoice_is_claimed_once_in_the_whole_group_and_nobody_learns_by_whom(
    group: Group, anna: Client, eve: Client
) -> None:
    held = draft(anna, invoice(group, "0123-4567"))
    answer = eve.post("/claims", {"title": "x", "items": [item(group), invoice(group, "０１２３ 4567")]})

    assert refusals(answer) == [("/items/1/invoice_no", "invoice_used")]
    assert held["id"] not in answer.text
    assert "N1" not in answer.text
    assert eve.post("/claims", {"title": "x", "items": [invoice(group, "01234567", "taxi")]}).status_code == 201


def test_an_invoice_of_which_nobody_says_the_kind_is_a_digital_one(group: Group, anna: Client, eve: Client) -> None:
    assert draft(anna, item(group, invoice_no="88"))["items"][0]["invoice_kind"] == "e_invoice"

    assert refusals(eve.post("/claims", {"title": "x", "items": [invoice(group, "88")]}))


def test_the_same_invoice_twice_in_one_claim_is_refused(group: Group, anna: Client) -> None:
    twice = [invoice(group, "77"), invoice(group, "77")]

    assert refusals(anna.post("/claims", {"title": "x", "items": twice})) == [("/items/1/invoice_no", "invoice_used")]


def test_an_edited_claim_gives_back_what_it_names_no_more(group: Group, anna: Client, eve: Client) -> None:
    made = draft(anna, invoice(group, "1"), invoice(group, "2"))
    assert anna.patch(f"/claims/{made['id']}", {"items": [invoice(group, "2")]}, version=1).status_code == 200

    draft(eve, invoice(group, "1"))
    assert refusals(eve.post("/claims", {"title": "x", "items": [invoice(group, "2")]}))


@pytest.mark.parametrize("how", ["deleted", "withdrawn", "rejected"])
def test_a_claim_that_is_over_gives_its_invoices_back(group: Group, anna: Client, eve: Client, how: str) -> None:
    made = draft(anna, invoice(group, "9"))
    path = f"/claims/{made['id']}"
    if how == "deleted":
        assert anna.delete(path, version=1).status_code == 204
    else:
        anna.post(f"{path}/submit")
        if how == "withdrawn":
            anna.post(f"{path}/withdraw")
        else:
            group.decide(group.asked(), "rejected")

    draft(eve, invoice(group, "9"))


@pytest.mark.parametrize("how", ["restored", "withdrawn"])
def test_a_claim_that_comes_back_needs_its_invoices_again(group: Group, anna: Client, eve: Client, how: str) -> None:
    path = f"/claims/{draft(anna, invoice(group, '9'))['id']}"
    if how == "restored":
        anna.delete(path, version=1)
        draft(eve, invoice(group, "9"))
        assert anna.post(f"{path}/restore").status_code == 200
    else:
        anna.post(f"{path}/submit")
        anna.post(f"{path}/withdraw")
        draft(eve, invoice(group, "9"))

    assert refusals(anna.post(f"{path}/submit")) == [("/items/0/invoice_no", "invoice_used")]
    assert anna.get(path).json["status"] in {"draft", "withdrawn"}


def test_of_many_claims_at_once_one_gets_the_invoice(group: Group, anna: Client, eve: Client) -> None:
    body = {"title": "x", "items": [invoice(group, "5"), invoice(group, "4")]}
    backwards = {"title": "x", "items": [invoice(group, "4"), invoice(group, "5")]}
    calls = [(anna, body), (eve, backwards)] * 6
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda call: call[0].post("/claims", call[1]).status_code, calls))

    assert sorted(statuses) == [201, *[422] * 11]


def test_a_returned_claim_keeps_its_invoices(group: Group, anna: Client, eve: Client) -> None:
    path = f"/claims/{draft(anna, invoice(group, '9'))['id']}"
    anna.post(f"{path}/submit")
    group.decide(group.asked(), "returned", comment="补发票")

    assert anna.get(path).json["decision_comment"] == "补发票"
    assert refusals(eve.post("/claims", {"title": "x", "items": [invoice(group, "9")]}))
    assert anna.post(f"{path}/submit").status_code == 200
    assert group.asked()["round"] == 2
