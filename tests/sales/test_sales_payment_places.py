"""Where a payment lies, and whose day it is when orders and payments are dated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from crm_chassis import clock
from crm_chassis.identity import Grant
from crm_chassis.testing import Bench, Client

from .conftest import SALES, World, owed, own_rows_only, pay


def test_a_payment_lies_with_what_it_pays_for_or_else_with_the_customer(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    seller = own_rows_only(bench, units["N1D"])
    theirs = world.customer(units["N1D"], "N1-000009", owner_id=seller.user_id)
    order = world.confirmed(n1, theirs, unit_id=str(units["N1"]))

    paid = pay(n1, theirs, "10", (owed(n1, order["id"])["id"], "10"))
    ahead = pay(n1, theirs, "10")

    assert (paid["unit_id"], paid["owner_id"]) == (str(units["N1"]), order["owner_id"])
    assert (ahead["unit_id"], ahead["owner_id"]) == (str(units["N1D"]), str(seller.user_id))
    assert [item["id"] for item in bench.client(seller).get("/payments?sort=created_at").json["items"]] == [
        paid["id"],
        ahead["id"],
    ]


def test_a_payment_of_a_pooled_customer_is_its_recorders_and_nobody_chooses_where_it_lies(
    n1: Client, units: dict[str, UUID], customer: str
) -> None:
    assert pay(n1, customer, "10")["owner_id"] == str(n1.principal.user_id)  # type: ignore[union-attr]

    money = {"customer_id": customer, "amount": {"amount": "1", "currency": "CNY"}}
    assert n1.post("/payments", {**money, "unit_id": str(units["BD"])}).json["errors"][0]["pointer"] == "/unit_id"


def test_a_payment_is_recorded_only_where_its_recorder_finds_it_again(
    bench: Bench, world: World, units: dict[str, UUID]
) -> None:
    """Somebody of one department who may look at the customers of the whole company."""
    all_of_n1, department = (Grant(subtrees=frozenset({units[name]})) for name in ("N1", "N1D"))
    grants = {name: all_of_n1 if name.endswith(":read") else department for name in SALES}
    cashier = bench.client(bench.caller(units["N1D"], grants, username="cashier"))
    money = {"amount": {"amount": "1", "currency": "CNY"}}

    beyond = cashier.post("/payments", {"customer_id": world.customer(units["N1"], "N1-000002"), **money})
    within = cashier.post("/payments", {"customer_id": world.customer(units["N1D"], "N1-000003"), **money})

    assert (beyond.status_code, beyond.json["errors"][0]["code"]) == (422, "out_of_scope")
    assert within.status_code == 201
    assert within.json["can"] == ["allocate", "refund"]


def test_a_day_begins_and_ends_where_the_unit_works(bench: Bench, world: World, units: dict[str, UUID]) -> None:
    from crm_sales.receivables.jobs import find_overdue

    west = bench.unit("W1", units["BD"], timezone="America/Los_Angeles")
    seller = bench.client(bench.caller(west, SALES, username="west"))
    theirs = world.customer(west, "W1-000001")
    evening = datetime(2026, 3, 2, 2, tzinfo=UTC)  # still the first of March in Los Angeles
    with clock.frozen(evening):
        order = world.confirmed(seller, theirs)
        payment = pay(seller, theirs, "1")
        assert seller.get("/receivables/ageing").json["as_of"] == "2026-03-01"
    due = owed(seller, order["id"])

    assert (order["ordered_on"], payment["received_on"], due["due_on"]) == ("2026-03-01", "2026-03-01", "2026-03-31")
    for after, status in ((timedelta(days=30), "open"), (timedelta(days=30, hours=6), "overdue")):
        with clock.frozen(evening + after), bench.system() as session:
            find_overdue(session)
        assert seller.get(f"/receivables/{due['id']}").json["status"] == status


def test_a_refund_is_of_the_units_day_unless_told_and_may_be_of_the_day_that_whoever_records_it_has(
    bench: Bench, world: World, units: dict[str, UUID]
) -> None:
    """Head office is a day ahead of a company in the west for most of its working day."""
    west = bench.unit("W1", units["BD"], timezone="America/Los_Angeles")
    cashier = bench.client(bench.caller(units["BD"], SALES, username="cashier"))
    theirs, body = world.customer(west, "W1-000001"), {"amount": "1", "reason": "x"}
    morning = datetime(2026, 3, 2, 2, tzinfo=UTC)  # the second of March in China, still the first in Los Angeles
    with clock.frozen(morning):
        path = f"/payments/{pay(cashier, theirs, '10')['id']}/refund"
        cashier.post(path, body)
        refunded = cashier.post(path, {**body, "refunded_on": "2026-03-02"})
        tomorrow = cashier.post(path, {**body, "refunded_on": "2026-03-03"})

    assert refunded.status_code == 200, refunded.json
    assert [each["refunded_on"] for each in refunded.json["refunds"]] == ["2026-03-01", "2026-03-02"]
    assert (tomorrow.status_code, tomorrow.json["errors"][0]["code"]) == (422, "future")
