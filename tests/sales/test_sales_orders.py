"""Orders: drafts, confirmation and its approval, delivery, returns, closing and cancelling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import World, own_rows_only

VERBS = ("confirm", "deliver", "return", "close", "cancel")
BODIES = {"return": {"lines": [{"line": 1, "quantity": "1"}]}}


def decide(bench: Bench, order: dict[str, Any], status: str, **more: Any) -> None:
    asked = bench.events("crm.sales.approval.requested.v1")[-1]["data"]
    answer = {**asked, "status": status, "comment": "seen", "decided_by": str(uuid7()), **more}
    bench.deliver("crm.workflow.approval.decided.v1", answer, version=2)


def test_an_order_is_numbered_and_its_total_is_computed(world: World, n1: Client, customer: str) -> None:
    product = world.product(n1)
    lines = [
        {"product_id": product["id"], "quantity": "2", "discount": "10"},
        {"name": "Work", "quantity": "1", "price": "50"},
    ]
    order = n1.post("/orders", {"customer_id": customer, "lines": lines}).json

    assert (order["number"], order["status"], order["currency"]) == ("SO-N1-000001", "draft", "CNY")
    assert order["total"] == {"amount": "253.40", "currency": "CNY"}
    assert [line["line"] for line in order["lines"]] == [1, 2]
    assert world.only_event("crm.sales.order.created.v1")["total"] == order["total"]
    assert set(order["can"]) == {"update", "delete", "confirm", "cancel"}


def test_a_line_may_be_sent_back_as_it_was_read(world: World, n1: Client, customer: str) -> None:
    order = world.order(n1, customer)
    lines = [{**order["lines"][0], "quantity": "3"}]

    changed = n1.patch(f"/orders/{order['id']}", {"lines": lines}, version=1)

    assert changed.json["total"]["amount"] == "300.00"
    assert n1.patch(f"/orders/{order['id']}", {"currency": "USD"}, version=2).status_code == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"quantity": "1", "price": "1"}]}, "/lines/0/name"),
        ({"lines": [{"product_code": "P-9", "quantity": "1"}]}, "/lines/0/product_code"),
        ({"lines": [{"name": "x", "quantity": "-1", "price": "1"}]}, "/lines/0/quantity"),
        ({"lines": [{"name": "x", "quantity": "1", "price": "1", "discount": "101"}]}, "/lines/0/discount"),
        ({"lines": [{"name": "x", "quantity": "1", "price": "1", "colour": "red"}]}, "/lines/0/colour"),
        ({"ordered_on": "9999-12-31"}, "/ordered_on"),
        ({"ordered_on": "0001-01-01"}, "/ordered_on"),
        ({"opportunity_id": "019a0000-0000-7000-8000-000000000000"}, "/opportunity_id"),
        ({"customer_id": "019a0000-0000-7000-8000-000000000000"}, "/customer_id"),
    ],
)
def test_an_order_that_does_not_fit_names_the_field(n1: Client, customer: str, body: Any, pointer: str) -> None:
    lines = [{"name": "Work", "quantity": "1", "price": "1"}]
    answer = n1.post("/orders", {"customer_id": customer, "lines": lines, **body})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_customer_of_another_company_cannot_be_sold_to(world: World, n1: Client, units: dict[str, UUID]) -> None:
    theirs = world.customer(units["E1"], "E1-000001")
    lines = [{"name": "Work", "quantity": "1", "price": "1"}]

    assert n1.post("/orders", {"customer_id": theirs, "lines": lines}).json["errors"][0]["pointer"] == "/customer_id"


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_use_the_verbs_of_an_order(
    world: World, n1: Client, e1: Client, reader: Client, nobody: Client, customer: str, verb: str
) -> None:
    path = f"/orders/{world.order(n1, customer)['id']}/{verb}"

    assert nobody.post(path, BODIES.get(verb)).status_code in {400, 401}
    assert reader.post(path, BODIES.get(verb)).status_code == 403
    assert e1.post(path, BODIES.get(verb)).status_code == 404
    assert n1.call("POST", path, BODIES.get(verb)).json["code"] == "key_missing"


def test_who_sees_an_order_of_a_colleague_may_not_confirm_it(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID], customer: str
) -> None:
    from crm_chassis.identity import Grant

    order = world.order(n1, customer)
    sees = Grant(subtrees=frozenset({units["N1"]}))
    agent = bench.client(
        bench.caller(units["N1"], {"order:read": sees, "order:confirm": Grant(own=True)}, username="a")
    )

    assert agent.post(f"/orders/{order['id']}/confirm").status_code == 403


def test_the_owner_of_the_customer_sees_its_orders(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    agent = own_rows_only(bench, units["N1"])
    theirs = world.customer(units["N1"], "N1-000007", owner_id=agent.user_id)
    world.order(n1, theirs)
    world.order(n1, world.customer(units["N1"], "N1-000008", owner_id=uuid7()))

    assert [order["customer_id"] for order in bench.client(agent).get("/orders").json["items"]] == [theirs]


def test_confirming_opens_the_receivable_in_the_same_step(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer, ordered_on="2026-01-31")

    told = world.only_event("crm.sales.order.confirmed.v1")
    opened = world.only_event("crm.sales.receivable.opened.v1")
    assert (told["version"], told["lines"]) == (2, order["lines"])
    assert (opened["order_id"], opened["due_on"], opened["amount"]) == (order["id"], "2026-03-02", order["total"])
    assert n1.get("/receivables").json["items"][0]["status"] == "open"


def test_an_order_that_costs_nothing_owes_nothing(world: World, n1: Client, customer: str) -> None:
    world.confirmed(n1, customer, lines=[{"name": "Gift", "quantity": "1", "price": "0"}])

    assert n1.get("/receivables").json["items"] == []


def test_a_confirmed_order_is_locked(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)
    path = f"/orders/{order['id']}"

    assert n1.patch(path, {"note": "x"}, version=order["version"]).status_code == 409
    assert n1.delete(path, version=order["version"]).status_code == 409
    assert n1.post(f"{path}/confirm").status_code == 409
    assert set(order["can"]) == {"deliver", "cancel"}


def test_a_delivery_note_may_still_be_put_with_a_confirmed_order_and_nothing_is_taken_from_it(
    world: World, n1: Client, customer: str
) -> None:
    path = f"/orders/{world.confirmed(n1, customer)['id']}/attachments"

    note = n1.call("POST", path, key="note", data={"file": (BytesIO(b"a,b\n1,2\n"), "note.csv")})

    assert note.status_code == 201, note.json
    assert n1.delete(f"{path}/{note.json['id']}").json["code"] == "state_conflict"
    assert len(n1.get(path).json["items"]) == 1


def test_fifty_calls_with_one_key_confirm_once(bench: Bench, world: World, n1: Client, customer: str) -> None:
    path = f"/orders/{world.order(n1, customer)['id']}/confirm"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: n1.post(path, key="one"), range(50)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.data for answer in answers if answer.status_code == 200}) == 1
    assert len(bench.events("crm.sales.order.confirmed.v1")) == 1
    assert len(n1.get("/receivables").json["items"]) == 1


def test_fifty_calls_with_keys_of_their_own_confirm_once_too(
    bench: Bench, world: World, n1: Client, customer: str
) -> None:
    path = f"/orders/{world.order(n1, customer)['id']}/confirm"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: n1.post(path, key=f"k{i}").status_code, range(50)))

    assert answers.count(200) == 1
    assert set(answers) == {200, 409}
    assert len(n1.get("/receivables").json["items"]) == 1


@pytest.fixture
def discounted(world: World, n1: Client, customer: str) -> dict[str, Any]:
    """An order 30 % below the list price that was sent for approval."""
    product = world.product(n1)
    lines = [{"product_id": product["id"], "quantity": "1", "price": "70"}]
    order = world.order(n1, customer, lines=lines)
    return dict(n1.post(f"/orders/{order['id']}/confirm").json)


def test_a_discount_beyond_the_limit_asks_for_approval_first(
    bench: Bench, world: World, n1: Client, discounted: dict[str, Any]
) -> None:
    asked = world.only_event("crm.sales.approval.requested.v1")

    assert (discounted["status"], discounted["approval_status"]) == ("draft", "pending")
    assert (asked["subject_type"], asked["subject_id"], asked["round"]) == ("order", discounted["id"], 1)
    assert asked["fields"]["discount"] == "30.00"
    assert asked["requester_id"] == str(n1.principal.user_id)
    path = f"/orders/{discounted['id']}"
    assert n1.patch(path, {"note": "x"}, version=discounted["version"]).status_code == 409
    assert n1.post(f"{path}/confirm").status_code == 409
    assert n1.get("/receivables").json["items"] == []


def test_an_approved_order_is_confirmed(bench: Bench, world: World, n1: Client, discounted: dict[str, Any]) -> None:
    for _ in range(2):
        decide(bench, discounted, "approved")

    order = n1.get(f"/orders/{discounted['id']}").json
    assert (order["status"], order["approval_status"], order["approval_comment"]) == ("confirmed", "approved", "seen")
    assert len(bench.events("crm.sales.order.confirmed.v1")) == 1
    assert len(n1.get("/receivables").json["items"]) == 1


@pytest.mark.parametrize("status", ["rejected", "returned"])
def test_a_refused_order_can_be_corrected_and_asked_for_again(
    bench: Bench, n1: Client, discounted: dict[str, Any], status: str
) -> None:
    decide(bench, discounted, status)
    path = f"/orders/{discounted['id']}"
    order = n1.get(path).json
    assert (order["status"], order["approval_status"]) == ("draft", status)
    assert n1.patch(path, {"note": "please"}, version=order["version"]).status_code == 200

    assert n1.post(f"{path}/confirm").json["approval_round"] == 2
    decide(bench, discounted, "approved", round=1, id=str(uuid7()))
    assert n1.get(path).json["approval_status"] == "pending", "a late round decides nothing"


def test_a_withdrawn_request_frees_the_draft(bench: Bench, n1: Client, discounted: dict[str, Any]) -> None:
    asked = bench.events("crm.sales.approval.requested.v1")[0]["data"]
    bench.deliver("crm.workflow.approval.withdrawn.v1", {**asked, "status": "withdrawn"}, version=2)

    assert "update" in n1.get(f"/orders/{discounted['id']}").json["can"]


def test_decisions_about_other_documents_are_none_of_ours(bench: Bench, n1: Client, discounted: dict[str, Any]) -> None:
    decide(bench, discounted, "approved", subject_type="claim")
    decide(bench, discounted, "approved", subject_id=str(uuid7()), id=str(uuid7()))

    assert n1.get(f"/orders/{discounted['id']}").json["approval_status"] == "pending"


def test_cancelling_takes_the_request_back(bench: Bench, world: World, n1: Client, discounted: dict[str, Any]) -> None:
    cancelled = n1.post(f"/orders/{discounted['id']}/cancel", {"reason": "no need"}).json

    asked = world.only_event("crm.sales.approval.requested.v1")
    assert (cancelled["status"], cancelled["approval_status"]) == ("cancelled", "withdrawn")
    assert world.only_event("crm.sales.approval.cancelled.v1")["id"] == asked["id"]
    decide(bench, discounted, "approved")
    assert n1.get(f"/orders/{discounted['id']}").json["status"] == "cancelled"


def test_an_order_is_delivered_in_parts_returned_and_closed(
    bench: Bench, world: World, n1: Client, customer: str
) -> None:
    path = f"/orders/{world.confirmed(n1, customer)['id']}"

    assert n1.post(f"{path}/close").status_code == 409
    part = n1.post(f"{path}/deliver", {"lines": [{"line": 1, "quantity": "0.5"}]}).json
    assert (part["status"], part["delivered_quantity"]) == ("confirmed", "0.5")
    assert (
        n1.post(f"{path}/deliver", {"lines": [{"line": 1, "quantity": "9"}]}).json["errors"][0]["pointer"] == "/lines/0"
    )
    assert n1.post(f"{path}/deliver", {"lines": []}).status_code == 422
    whole = n1.post(f"{path}/deliver").json
    assert (whole["status"], whole["delivered_quantity"]) == ("delivered", "2")
    assert n1.post(f"{path}/deliver").status_code == 409
    assert n1.post(f"{path}/cancel").status_code == 409

    back = n1.post(f"{path}/return", {"lines": [{"line": 1, "quantity": "1"}], "reason": "broken"}).json
    assert (back["returned_total"]["amount"], back["refund_due"]["amount"]) == ("100.00", "0.00")
    assert n1.get("/receivables").json["items"][0]["outstanding"]["amount"] == "100.00"
    assert world.only_event("crm.sales.order.returned.v1")["returned"] == {"amount": "100.00", "currency": "CNY"}
    assert n1.post(f"{path}/return", {"lines": [{"line": 1, "quantity": "1.1"}]}).status_code == 422

    assert "return" in n1.get(path).json["can"]
    closed = n1.post(f"{path}/close").json
    assert (closed["status"], closed["can"]) == ("closed", [])
    assert n1.post(f"{path}/return", {"lines": [{"line": 1, "quantity": "1"}]}).status_code == 409
    assert len(bench.events("crm.sales.order.delivered.v1")) == 2


def test_orders_are_confirmed_in_bulk(world: World, n1: Client, customer: str) -> None:
    ids = [world.order(n1, customer)["id"] for _ in range(3)]

    answer = n1.post("/orders/bulk", {"action": "confirm", "ids": ids})

    assert [result["status"] for result in answer.json["results"]] == ["ok"] * 3
    assert len(n1.get("/orders?status=confirmed").json["items"]) == 3


CHINESE = {"Accept-Language": "zh-CN"}


def test_what_an_order_refuses_is_told_in_the_callers_language(world: World, n1: Client, customer: str) -> None:
    path = f"/orders/{world.order(n1, customer)['id']}"
    assert n1.post(f"{path}/confirm").status_code == 200

    told = [n1.patch(path, {"note": "x"}, version=2, headers=headers).json for headers in (CHINESE, {})]
    assert [each["detail"] for each in told] == [
        "该订单的状态为“已确认”，只有草稿可以编辑。",
        "This order is confirmed; only drafts can be edited.",
    ]
    assert {each["code"] for each in told} == {"state_conflict"}
    too_many = {"lines": [{"line": 1, "quantity": "9"}]}
    told = [n1.post(f"{path}/deliver", too_many, headers=headers).json["errors"][0] for headers in (CHINESE, {})]
    assert told == [
        {"pointer": "/lines/0", "code": "unfit", "message": "第 1 行待交付的数量只有 2。"},
        {"pointer": "/lines/0", "code": "unfit", "message": "Of line 1 only 2 are still to be delivered."},
    ]
    unpriced = {"customer_id": customer, "lines": [{"name": "x", "quantity": "1"}]}
    told = [n1.post("/orders", unpriced, headers=headers).json["errors"][0] for headers in (CHINESE, {})]
    assert told[0] == {"pointer": "/lines/0/price", "code": "required", "message": "该产品没有 CNY 标价，请填写单价。"}
    assert told[1]["message"] == "There is no list price in CNY; write the price."
