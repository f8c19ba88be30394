"""Orders that end before everything was delivered, and money that goes back to the customer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import World, owed, pay

LINE = {"lines": [{"line": 1, "quantity": "1"}]}


def sums(client: Client, order_id: str) -> tuple[str, ...]:
    """What was paid and credited for an order, what is still owed, and the refund that is due."""
    receivable, order = owed(client, order_id), client.get(f"/orders/{order_id}").json
    names = ("paid", "credited", "outstanding")
    return (*(receivable[name]["amount"] for name in names), order["refund_due"]["amount"])


# --- orders -----------------------------------------------------------------------------------------------------------


def test_closing_a_part_delivered_order_cancels_the_rest_of_it_and_what_is_owed_for_that(
    world: World, n1: Client, customer: str
) -> None:
    order = world.confirmed(n1, customer)
    path = f"/orders/{order['id']}"
    part = n1.post(f"{path}/deliver", LINE).json
    assert set(part["can"]) == {"deliver", "return", "close"}

    closed = n1.post(f"{path}/close", {"reason": "out of stock"}).json

    assert (closed["status"], closed["cancelled_total"]["amount"], closed["cancelled_reason"]) == (
        "closed",
        "100.00",
        "out of stock",
    )
    assert closed["lines"][0]["cancelled_quantity"] == "1"
    assert sums(n1, order["id"]) == ("0.00", "100.00", "100.00", "0.00")
    assert world.only_event("crm.sales.order.closed.v1")["cancelled_total"] == closed["cancelled_total"]
    assert world.only_event("crm.sales.receivable.changed.v1")["outstanding"]["amount"] == "100.00"
    assert n1.post(f"{path}/deliver").status_code == 409


def test_a_rest_that_was_paid_for_is_due_as_a_refund(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)
    pay(n1, customer, "150", (owed(n1, order["id"])["id"], "150"))
    n1.post(f"/orders/{order['id']}/deliver", LINE)

    n1.post(f"/orders/{order['id']}/close")

    assert sums(n1, order["id"]) == ("150.00", "50.00", "0.00", "50.00")


def test_what_came_back_and_what_was_not_delivered_are_together_never_more_than_the_line(
    world: World, n1: Client, customer: str
) -> None:
    order = world.confirmed(n1, customer, lines=[{"name": "Thread", "quantity": "1", "price": "0.01"}])
    path, half = f"/orders/{order['id']}", {"lines": [{"line": 1, "quantity": "0.5"}]}
    n1.post(f"{path}/deliver", half)

    back = n1.post(f"{path}/return", half).json
    closed = n1.post(f"{path}/close").json

    assert (back["returned_total"]["amount"], closed["cancelled_total"]["amount"]) == ("0.01", "0.00")
    assert owed(n1, order["id"])["outstanding"]["amount"] == "0.00"


def test_an_order_whose_goods_all_came_back_is_cancelled(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)
    path = f"/orders/{order['id']}"
    n1.post(f"{path}/deliver", LINE)
    refused = n1.post(f"{path}/cancel")
    assert (refused.status_code, refused.json["detail"]) == (
        409,
        "The customer has goods of this order. Take them back first, or close it: that cancels the rest.",
    )

    back = n1.post(f"{path}/return", LINE).json

    assert "cancel" in back["can"]
    assert n1.post(f"{path}/cancel", {"reason": "no need"}).json["status"] == "cancelled"
    assert owed(n1, order["id"])["status"] == "written_off"
    assert n1.post(f"{path}/cancel").json["detail"] == "This order is cancelled; it cannot be cancelled any more."


def test_nothing_delivered_is_nothing_to_close(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)

    refused = n1.post(f"/orders/{order['id']}/close")

    assert refused.json["detail"] == "Nothing of this order was delivered; cancel it instead."


def test_whoever_closes_an_order_its_receivable_is_credited(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID], customer: str
) -> None:
    warehouse = bench.client(
        bench.caller(units["N1"], ["order:read", "order:deliver", "order:update"], username="warehouse")
    )
    order = world.confirmed(n1, customer)
    warehouse.post(f"/orders/{order['id']}/deliver", LINE)

    assert warehouse.post(f"/orders/{order['id']}/close").json["status"] == "closed"
    assert owed(n1, order["id"])["outstanding"]["amount"] == "100.00"


def test_a_prepaid_order_is_cancelled_once_its_money_is_taken_back_which_then_goes_back_to_the_customer(
    world: World, n1: Client, customer: str
) -> None:
    order = world.confirmed(n1, customer)
    receivable = owed(n1, order["id"])["id"]
    payment = f"/payments/{pay(n1, customer, '200', (receivable, '200'))['id']}"
    refused = n1.post(f"/orders/{order['id']}/cancel")
    assert refused.status_code == 409
    assert "200.00 CNY" in refused.json["detail"]

    taken = {"allocations": [{"receivable_id": receivable, "amount": "200"}], "reason": "order falls through"}
    free = n1.post(f"{payment}/deallocate", taken).json
    cancelled = n1.post(f"/orders/{order['id']}/cancel").json
    back = n1.post(f"{payment}/refund", {"amount": "200", "reason": "order cancelled"}).json

    assert (free["allocations"], free["unallocated"]["amount"]) == ([], "200.00")
    assert world.only_event("crm.sales.payment.deallocated.v1")["reason"] == "order falls through"
    assert cancelled["status"] == "cancelled"
    assert (back["refunded"]["amount"], back["unallocated"]["amount"], back["can"]) == ("200.00", "0.00", [])


# --- taking allocations back ------------------------------------------------------------------------------------------


def test_what_is_taken_back_is_owed_again_and_can_pay_for_something_else(
    world: World, n1: Client, customer: str
) -> None:
    wrong, right = (world.confirmed(n1, customer)["id"] for _ in range(2))
    mistaken, meant = (owed(n1, order_id)["id"] for order_id in (wrong, right))
    payment = f"/payments/{pay(n1, customer, '200', (mistaken, '120'), (mistaken, '80'))['id']}"

    part = n1.post(f"{payment}/deallocate", {"allocations": [{"receivable_id": mistaken, "amount": "150"}]}).json
    n1.post(f"{payment}/allocate", {"allocations": [{"receivable_id": meant, "amount": "150"}]})

    assert part["allocations"] == [{"receivable_id": mistaken, "amount": "50.00"}]
    assert (owed(n1, wrong)["status"], owed(n1, right)["paid"]["amount"]) == ("partly_paid", "150.00")
    assert world.bench.events("crm.sales.receivable.changed.v1")[0]["data"]["outstanding"]["amount"] == "150.00"


@pytest.mark.parametrize(("amount", "code"), [("100.01", "too_much"), ("1", "unknown")])
def test_only_what_a_payment_pays_can_be_taken_back(
    world: World, n1: Client, customer: str, amount: str, code: str
) -> None:
    paid, other = (owed(n1, world.confirmed(n1, customer)["id"])["id"] for _ in range(2))
    payment = pay(n1, customer, "100", (paid, "100"))
    wanted = {"receivable_id": paid if code == "too_much" else other, "amount": amount}

    refused = n1.post(f"/payments/{payment['id']}/deallocate", {"allocations": [wanted]})

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, code)


def test_money_taken_back_for_goods_that_came_back_settles_the_refund_and_is_not_owed_again(
    world: World, n1: Client, customer: str
) -> None:
    order = world.confirmed(n1, customer)
    receivable = owed(n1, order["id"])["id"]
    payment = pay(n1, customer, "200", (receivable, "200"))
    n1.post(f"/orders/{order['id']}/deliver")
    n1.post(f"/orders/{order['id']}/return", LINE)
    assert sums(n1, order["id"]) == ("200.00", "0.00", "0.00", "100.00")

    taken = {"allocations": [{"receivable_id": receivable, "amount": "130"}]}
    n1.post(f"/payments/{payment['id']}/deallocate", taken)

    assert sums(n1, order["id"]) == ("70.00", "100.00", "30.00", "0.00")
    assert world.bench.events("crm.sales.order.changed.v1")[-1]["data"]["refund_due"]["amount"] == "0.00"


# --- refunds ----------------------------------------------------------------------------------------------------------


def test_a_refund_settles_what_is_due_to_the_customer_first_and_then_takes_what_was_not_allocated(
    bench: Bench, world: World, n1: Client, customer: str
) -> None:
    order = world.confirmed(n1, customer)
    payment = f"/payments/{pay(n1, customer, '250', (owed(n1, order['id'])['id'], '200'))['id']}"
    n1.post(f"/orders/{order['id']}/deliver")
    n1.post(f"/orders/{order['id']}/return", LINE)

    some = n1.post(f"{payment}/refund", {"amount": "60", "reason": "goods came back"}).json
    assert (some["unallocated"]["amount"], sums(n1, order["id"])) == ("50.00", ("140.00", "60.00", "0.00", "40.00"))
    rest = n1.post(f"{payment}/refund", {"amount": "90", "reason": "the rest"}).json

    assert (rest["refunded"]["amount"], rest["unallocated"]["amount"]) == ("150.00", "0.00")
    assert [(each["amount"], each["reason"]) for each in rest["refunds"]] == [
        ("60.00", "goods came back"),
        ("90.00", "the rest"),
    ]
    assert sums(n1, order["id"]) == ("100.00", "100.00", "0.00", "0.00")
    assert owed(n1, order["id"])["status"] == "paid"
    told = bench.events("crm.sales.payment.refunded.v1")[-1]["data"]
    assert (told["refund"], told["reason"]) == ({"amount": "90.00", "currency": "CNY"}, "the rest")
    assert n1.get("/payments").json["items"][0]["refunds"] == rest["refunds"]


def test_money_for_goods_that_the_customer_has_is_not_refunded(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)
    payment = pay(n1, customer, "250", (owed(n1, order["id"])["id"], "200"))
    n1.post(f"/orders/{order['id']}/deliver")

    refused = n1.post(f"/payments/{payment['id']}/refund", {"amount": "50.01", "reason": "x"})

    (problem,) = refused.json["errors"]
    assert (refused.status_code, problem["pointer"], problem["code"]) == (422, "/amount", "too_much")
    assert problem["message"].startswith("Only 50.00 of this payment can be refunded")
    assert sums(n1, order["id"]) == ("200.00", "0.00", "0.00", "0.00")


def test_a_refund_that_is_due_goes_through_any_of_the_payments_that_paid(
    world: World, n1: Client, customer: str
) -> None:
    order = world.confirmed(n1, customer)
    receivable = owed(n1, order["id"])["id"]
    first, second = (pay(n1, customer, amount, (receivable, amount))["id"] for amount in ("150", "50"))
    n1.post(f"/orders/{order['id']}/deliver")
    n1.post(f"/orders/{order['id']}/return", {"lines": [{"line": 1, "quantity": "2"}]})

    assert n1.post(f"/payments/{second}/refund", {"amount": "51", "reason": "x"}).status_code == 422
    for payment, amount in ((first, "150"), (second, "50")):
        assert n1.post(f"/payments/{payment}/refund", {"amount": amount, "reason": "x"}).status_code == 200

    assert sums(n1, order["id"]) == ("0.00", "200.00", "0.00", "0.00")
    assert n1.post(f"/orders/{order['id']}/cancel").json["status"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": "1"}, "/reason"),
        ({"amount": "0", "reason": "x"}, "/amount"),
        ({"amount": "1", "reason": "x", "refunded_on": "2026-01-30"}, "/refunded_on"),
        ({"amount": "1", "reason": "x", "refunded_on": "2099-01-01"}, "/refunded_on"),
    ],
)
def test_a_refund_has_an_amount_a_reason_and_a_day_that_can_be(
    n1: Client, customer: str, body: dict[str, Any], pointer: str
) -> None:
    payment = pay(n1, customer, "10", received_on="2026-01-31")

    refused = n1.post(f"/payments/{payment['id']}/refund", body)

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)


def test_who_may_give_money_back(
    bench: Bench, n1: Client, e1: Client, reader: Client, nobody: Client, units: dict[str, UUID], customer: str
) -> None:
    payment = pay(n1, customer, "10")
    path, body = f"/payments/{payment['id']}/refund", {"amount": "1", "reason": "x"}
    receives = bench.client(bench.caller(units["N1"], ["payment:read", "payment:create"], username="receives"))

    assert nobody.post(path, body).status_code == 401
    assert reader.post(path, body).status_code == 403
    assert receives.post(path, body).status_code == 403
    assert receives.get(f"/payments/{payment['id']}").json["can"] == ["allocate"]
    assert e1.post(path, body).status_code == 404
    assert n1.call("POST", path, body).json["code"] == "key_missing"
    assert n1.post(path, body, key="one").json == n1.post(path, body, key="one").json
    assert n1.get(f"/payments/{payment['id']}").json["refunded"]["amount"] == "1.00"
    taken = {"allocations": [{"receivable_id": str(uuid7()), "amount": "1"}]}
    for caller, status in ((nobody, 401), (reader, 403), (e1, 404), (n1, 422)):
        assert caller.post(f"/payments/{payment['id']}/deallocate", taken).status_code == status


def test_twenty_refunds_at_once_never_give_back_more_than_is_due(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)
    receivable = owed(n1, order["id"])["id"]
    payments = [pay(n1, customer, "100", (receivable, "100"))["id"] for _ in range(2)]
    n1.post(f"/orders/{order['id']}/deliver")
    n1.post(f"/orders/{order['id']}/return", LINE)

    def give_back(index: int) -> int:
        return n1.post(f"/payments/{payments[index % 2]}/refund", {"amount": "30", "reason": "x"}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(give_back, range(20)))

    assert sorted(answers) == [200] * 3 + [422] * 17
    assert sums(n1, order["id"]) == ("110.00", "90.00", "0.00", "10.00")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET refunded = amount",
        "UPDATE payments SET refunded = -1",
        "UPDATE payment_refunds SET amount = 0",
        "UPDATE orders SET cancelled_total = total + 1",
        "UPDATE orders SET refund_due = 1",
    ],
)
def test_the_database_itself_refuses_money_that_goes_back_twice(
    bench: Bench, world: World, n1: Client, customer: str, statement: str
) -> None:
    order = world.confirmed(n1, customer)
    payment = pay(n1, customer, "50", (owed(n1, order["id"])["id"], "40"))
    n1.post(f"/payments/{payment['id']}/refund", {"amount": "5", "reason": "x"})

    with pytest.raises(IntegrityError), bench.system() as session:
        session.execute(text(statement))
