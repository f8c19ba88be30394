"""What becomes of the money when goods come back or an order is cancelled."""

from __future__ import annotations

from uuid import UUID

from crm_chassis.testing import Bench, Client

from .conftest import World, own_rows_only


def test_goods_that_were_paid_for_and_come_back_are_due_as_a_refund(world: World, n1: Client, customer: str) -> None:
    path = f"/orders/{world.confirmed(n1, customer)['id']}"
    n1.post(f"{path}/deliver")
    owed = n1.get("/receivables").json["items"][0]["id"]
    paid = {"customer_id": customer, "amount": {"amount": "150", "currency": "CNY"}}
    n1.post("/payments", {**paid, "allocations": [{"receivable_id": owed, "amount": "150"}]})

    back = n1.post(f"{path}/return", {"lines": [{"line": 1, "quantity": "2"}]}).json

    assert (back["returned_total"]["amount"], back["refund_due"]["amount"]) == ("200.00", "150.00")
    receivable = n1.get(f"/receivables/{owed}").json
    assert (receivable["status"], receivable["credited"]["amount"]) == ("paid", "50.00")


def test_goods_that_come_back_after_a_write_off_are_a_refund_of_what_was_paid_only(
    world: World, n1: Client, customer: str
) -> None:
    path = f"/orders/{world.confirmed(n1, customer)['id']}"
    n1.post(f"{path}/deliver")
    owed = n1.get("/receivables").json["items"][0]["id"]
    paid = {"customer_id": customer, "amount": {"amount": "50", "currency": "CNY"}}
    n1.post("/payments", {**paid, "allocations": [{"receivable_id": owed, "amount": "50"}]})
    n1.post(f"/receivables/{owed}/write-off", {"reason": "bankrupt"})

    half = n1.post(f"{path}/return", {"lines": [{"line": 1, "quantity": "1"}]}).json
    assert (half["returned_total"]["amount"], half["refund_due"]["amount"]) == ("100.00", "0.00")
    whole = n1.post(f"{path}/return", {"lines": [{"line": 1, "quantity": "1"}]}).json

    assert (whole["returned_total"]["amount"], whole["refund_due"]["amount"]) == ("200.00", "50.00")
    receivable = n1.get(f"/receivables/{owed}").json
    assert (receivable["status"], receivable["credited"]["amount"]) == ("written_off", "150.00")
    told = world.bench.events("crm.sales.receivable.changed.v1")[-1]["data"]
    assert (told["status"], told["version"]) == ("written_off", receivable["version"])


def without_receivables(bench: Bench, unit_id: UUID) -> Client:
    """Somebody of the warehouse: they move goods and cancel orders, and see no money."""
    return bench.client(bench.caller(unit_id, ["order:read", "order:deliver", "order:update"], username="warehouse"))


def test_returned_goods_are_credited_whoever_takes_them_back(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID], customer: str
) -> None:
    path = f"/orders/{world.confirmed(n1, customer)['id']}"
    n1.post(f"{path}/deliver")

    back = without_receivables(bench, units["N1"]).post(f"{path}/return", {"lines": [{"line": 1, "quantity": "1"}]})

    assert (back.json["returned_total"]["amount"], back.json["refund_due"]["amount"]) == ("100.00", "0.00")
    assert n1.get("/receivables").json["items"][0]["outstanding"]["amount"] == "100.00"
    assert world.only_event("crm.sales.receivable.changed.v1")["credited"]["amount"] == "100.00"


def test_goods_are_credited_to_a_receivable_beyond_the_callers_units(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID], customer: str
) -> None:
    """A handover to another company takes the open order along; what was written off stays with its owner."""
    heir = own_rows_only(bench, units["E1"], "heir")
    path = f"/orders/{world.confirmed(n1, customer)['id']}"
    n1.post(f"{path}/deliver")
    owed = n1.get("/receivables").json["items"][0]["id"]
    n1.post(f"/receivables/{owed}/write-off", {"reason": "bankrupt"})
    leaver = {"id": str(n1.principal.user_id), "to_user_id": str(heir.user_id)}  # type: ignore[union-attr]
    bench.deliver("crm.gateway.user.handed-over.v1", leaver, version=2)

    back = bench.client(heir).post(f"{path}/return", {"lines": [{"line": 1, "quantity": "2"}]})

    assert (back.status_code, back.json["refund_due"]["amount"]) == (200, "0.00"), back.json
    assert n1.get(f"/receivables/{owed}").json["credited"]["amount"] == "200.00"


def test_a_paid_order_is_not_cancelled_by_somebody_who_does_not_see_the_payment(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID], customer: str
) -> None:
    paid, free = (world.confirmed(n1, customer)["id"] for _ in range(2))
    owed = n1.get(f"/receivables?order_id={paid}").json["items"][0]["id"]
    money = {"customer_id": customer, "amount": {"amount": "1", "currency": "CNY"}}
    n1.post("/payments", {**money, "allocations": [{"receivable_id": owed, "amount": "1"}]})
    warehouse = without_receivables(bench, units["N1"])

    assert warehouse.post(f"/orders/{paid}/cancel").status_code == 409
    assert n1.get(f"/orders/{paid}").json["status"] == "confirmed"
    assert warehouse.post(f"/orders/{free}/cancel").status_code == 200
    assert n1.get(f"/receivables?order_id={free}").json["items"][0]["status"] == "written_off"
    told = world.bench.events("crm.sales.order.cancelled.v1")
    assert [event["data"]["version"] for event in told] == [n1.get(f"/orders/{free}").json["version"]]


def test_cancelling_a_confirmed_order_gives_its_receivable_up(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)

    assert n1.post(f"/orders/{order['id']}/cancel", {"reason": "changed mind"}).json["status"] == "cancelled"
    assert n1.get("/receivables").json["items"][0]["status"] == "written_off"
    assert world.only_event("crm.sales.receivable.written-off.v1")["reason"] == "order cancelled"


def test_an_order_that_was_paid_cannot_be_cancelled(world: World, n1: Client, customer: str) -> None:
    order = world.confirmed(n1, customer)
    owed = n1.get("/receivables").json["items"][0]["id"]
    paid = {"customer_id": customer, "amount": {"amount": "1", "currency": "CNY"}}
    n1.post("/payments", {**paid, "allocations": [{"receivable_id": owed, "amount": "1"}]})

    assert n1.post(f"/orders/{order['id']}/cancel").status_code == 409
