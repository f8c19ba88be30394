"""Receivables and payments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crm_chassis import clock
from crm_chassis.testing import Bench, Client, statements_of
from crm_sales.receivables import rules

from .conftest import SALES, World


@pytest.fixture
def owed(world: World, n1: Client, customer: str) -> dict[str, Any]:
    """A receivable of 200.00 CNY, due on 2026-03-02."""
    world.confirmed(n1, customer, ordered_on="2026-01-31")
    return dict(n1.get("/receivables").json["items"][0])


def pay(client: Client, customer_id: str, amount: str, *allocations: tuple[str, str], **more: Any) -> Any:
    asked = [{"receivable_id": receivable_id, "amount": part} for receivable_id, part in allocations]
    money = {"amount": amount, "currency": more.pop("currency", "CNY")}
    return client.post("/payments", {"customer_id": customer_id, "amount": money, "allocations": asked}, **more)


def test_a_part_payment_and_the_rest_settle_a_receivable(
    world: World, n1: Client, customer: str, owed: dict[str, Any]
) -> None:
    first = pay(n1, customer, "50", (owed["id"], "50"))

    assert first.status_code == 201, first.json
    assert n1.get(first.headers["Location"]).json == first.json
    part = n1.get(f"/receivables/{owed['id']}").json
    assert (part["status"], part["paid"]["amount"], part["outstanding"]["amount"]) == ("partly_paid", "50.00", "150.00")
    assert world.only_event("crm.sales.receivable.changed.v1")["status"] == "partly_paid"
    pay(n1, customer, "150", (owed["id"], "150"))
    assert world.only_event("crm.sales.receivable.paid.v1")["outstanding"]["amount"] == "0.00"
    received = world.bench.events("crm.sales.payment.received.v1")
    assert received[0]["data"]["allocations"] == [{"receivable_id": owed["id"], "amount": "50.00"}]


def test_what_is_left_of_a_payment_can_be_allocated_later(
    world: World, n1: Client, customer: str, owed: dict[str, Any]
) -> None:
    paid = pay(n1, customer, "500").json
    assert (paid["unallocated"]["amount"], paid["can"]) == ("500.00", ["allocate", "refund"])
    path, part = f"/payments/{paid['id']}/allocate", {"allocations": [{"receivable_id": owed["id"], "amount": "200"}]}

    after = n1.post(path, part).json

    assert after["unallocated"]["amount"] == "300.00"
    assert n1.get(f"/receivables/{owed['id']}").json["status"] == "paid"
    assert n1.post(path, part).status_code == 422
    assert len(world.bench.events("crm.sales.payment.allocated.v1")) == 1


@pytest.mark.parametrize(
    ("amount", "part", "currency", "code"),
    [("300", "200.01", "CNY", "too_much"), ("100", "101", "CNY", "too_much"), ("200", "200", "USD", "currency_mixed")],
)
def test_a_payment_that_does_not_fit_changes_nothing(
    n1: Client, customer: str, owed: dict[str, Any], amount: str, part: str, currency: str, code: str
) -> None:
    refused = pay(n1, customer, amount, (owed["id"], part), currency=currency)

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, code)
    assert n1.get("/payments").json["items"] == []
    assert n1.get(f"/receivables/{owed['id']}").json["paid"]["amount"] == "0.00"


def test_a_payment_pays_only_what_its_own_customer_owes(
    world: World, n1: Client, units: dict[str, UUID], owed: dict[str, Any]
) -> None:
    other = world.customer(units["N1"], "N1-000002")

    assert pay(n1, other, "200", (owed["id"], "200")).json["errors"][0]["code"] == "other_customer"


def test_who_may_record_payments(
    n1: Client, e1: Client, reader: Client, nobody: Client, customer: str, owed: dict[str, Any]
) -> None:
    assert nobody.get("/payments").status_code == 401
    assert pay(reader, customer, "1").status_code == 403
    assert pay(e1, customer, "1").json["errors"][0]["pointer"] == "/customer_id"
    paid = pay(n1, customer, "1").json
    assert e1.get(f"/payments/{paid['id']}").status_code == 404
    assert e1.get(f"/receivables/{owed['id']}").status_code == 404
    assert n1.call("POST", "/payments", {"customer_id": customer}).json["code"] == "key_missing"
    assert n1.patch(f"/payments/{paid['id']}", {"note": "x"}, version=1).status_code == 405


def test_twenty_payments_at_once_never_pay_more_than_is_owed(
    bench: Bench, n1: Client, customer: str, owed: dict[str, Any]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: pay(n1, customer, "30", (owed["id"], "30")).status_code, range(20)))

    assert sorted(answers) == [201] * 6 + [422] * 14
    assert n1.get(f"/receivables/{owed['id']}").json["paid"]["amount"] == "180.00"


def test_twenty_allocations_at_once_never_use_more_than_a_payment_has(
    world: World, n1: Client, customer: str, owed: dict[str, Any]
) -> None:
    paid = pay(n1, customer, "100").json
    part = {"allocations": [{"receivable_id": owed["id"], "amount": "30"}]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: n1.post(f"/payments/{paid['id']}/allocate", part).status_code, range(20)))

    assert sorted(answers) == [200] * 3 + [422] * 17


def test_a_payment_sent_twice_with_one_key_is_one_payment(n1: Client, customer: str, owed: dict[str, Any]) -> None:
    first, again = (pay(n1, customer, "50", (owed["id"], "50"), key="same") for _ in range(2))

    assert again.json == first.json
    assert n1.get(f"/receivables/{owed['id']}").json["paid"]["amount"] == "50.00"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receivables SET paid = amount + 1",
        "UPDATE receivables SET paid = -1",
        "UPDATE receivables SET credited = amount, paid = 1",
        "UPDATE payments SET allocated = amount + 1",
        "UPDATE payment_allocations SET amount = 0",
        "UPDATE orders SET returned_total = total + 1",
    ],
)
def test_the_database_itself_refuses_sums_that_cannot_be(
    bench: Bench, n1: Client, customer: str, owed: dict[str, Any], statement: str
) -> None:
    pay(n1, customer, "50", (owed["id"], "50"))

    with pytest.raises(IntegrityError), bench.system() as session:
        session.execute(text(statement))


def test_writing_off_takes_the_right_and_leaves_nothing_owed(
    world: World, n1: Client, e1: Client, reader: Client, nobody: Client, customer: str, owed: dict[str, Any]
) -> None:
    path, why = f"/receivables/{owed['id']}/write-off", {"reason": "bankrupt"}

    assert nobody.post(path, why).status_code == 401
    assert reader.post(path, why).status_code == 403
    assert e1.post(path, why).status_code == 404
    assert n1.post(path, {}).status_code == 422
    answer = n1.post(path, why).json
    assert (answer["status"], answer["outstanding"]["amount"]) == ("written_off", "0.00")
    assert world.only_event("crm.sales.receivable.written-off.v1")["reason"] == "bankrupt"
    assert n1.post(path, why).status_code == 409
    assert pay(n1, customer, "1", (owed["id"], "1")).json["errors"][0]["code"] == "too_much"


def test_a_filter_may_look_beyond_the_days_that_can_be_written(n1: Client, customer: str, owed: dict[str, Any]) -> None:
    assert len(n1.get("/receivables?due_on__lte=9999-12-31").json["items"]) == 1
    assert len(n1.get("/orders?ordered_on__gte=0001-01-01").json["items"]) == 1
    paid = {"customer_id": customer, "amount": {"amount": "1", "currency": "CNY"}, "received_on": "9999-12-31"}
    (problem,) = n1.post("/payments", paid).json["errors"]
    assert problem["pointer"] == "/received_on"
    assert "2199-12-31" in problem["message"]


def test_receivables_are_not_written_by_hand(n1: Client, owed: dict[str, Any]) -> None:
    assert n1.post("/receivables", {}).status_code == 405
    assert n1.patch(f"/receivables/{owed['id']}", {}, version=1).status_code == 405
    assert n1.delete(f"/receivables/{owed['id']}", version=1).status_code == 405


def find_overdue(bench: Bench, at: datetime) -> None:
    from crm_sales.receivables.jobs import find_overdue as run

    with clock.frozen(at), bench.system() as session:
        run(session)


def test_a_receivable_becomes_overdue_the_day_after_it_was_due_and_is_announced_once(
    bench: Bench, world: World, n1: Client, customer: str, owed: dict[str, Any]
) -> None:
    find_overdue(bench, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert n1.get(f"/receivables/{owed['id']}").json["status"] == "open"

    for _ in range(2):
        find_overdue(bench, datetime(2026, 3, 3, 12, tzinfo=UTC))

    assert world.only_event("crm.sales.receivable.overdue.v1")["status"] == "overdue"
    pay(n1, customer, "50", (owed["id"], "50"))
    assert n1.get(f"/receivables/{owed['id']}").json["status"] == "overdue", "a part payment is no cure"
    pay(n1, customer, "150", (owed["id"], "150"))
    assert n1.get(f"/receivables/{owed['id']}").json["status"] == "paid"


def test_a_backlog_is_marked_overdue_in_batches(
    bench: Bench, world: World, n1: Client, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_sales.receivables.jobs.BATCH", 2)
    for _ in range(3):
        world.confirmed(n1, customer, ordered_on="2026-01-31")

    marked = []
    for _ in range(3):
        find_overdue(bench, datetime(2026, 6, 1, tzinfo=UTC))
        marked.append(len(bench.events("crm.sales.receivable.overdue.v1")))

    assert marked == [2, 3, 3]


def test_mine_are_ones_own_receivables_and_those_of_ones_customers(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    assert n1.principal
    colleague = bench.client(bench.caller(units["N1"], SALES, username="colleague"))
    of_mine = world.customer(units["N1"], "N1-000001", owner_id=n1.principal.user_id)
    other = world.customer(units["N1"], "N1-000002")
    owned, at_my_customer, elsewhere = (
        world.confirmed(client, customer_id)["id"]
        for client, customer_id in ((n1, other), (colleague, of_mine), (colleague, other))
    )

    def asked(value: str) -> set[str]:
        return {item["order_id"] for item in n1.get(f"/receivables?mine={value}").json["items"]}

    assert asked("true") == {owned, at_my_customer}
    assert asked("false") == {elsewhere}
    assert sum(band["count"] for band in n1.get("/receivables/ageing?mine=true").json["bands"]) == 2
    assert n1.get("/receivables?mine=perhaps").status_code == 422
    closed = {"receivable": {"owner_id": "hidden"}}
    blind = bench.client(bench.caller(units["N1"], ["receivable:read"], username="blind", fields=closed))
    assert blind.get("/receivables?mine=true").status_code == 422


def test_payments_at_a_list_cost_one_more_query_and_not_one_each(
    bench: Bench, n1: Client, customer: str, owed: dict[str, Any]
) -> None:
    for _ in range(4):
        pay(n1, customer, "10", (owed["id"], "10"))
    with statements_of(bench.runtime) as seen:
        assert len(n1.get("/payments").json["items"]) == 4
    assert sum("payment_allocations" in statement for statement in seen) == 1


def test_ageing_bands_what_is_owed_by_days_past_due(
    world: World, n1: Client, e1: Client, nobody: Client, customer: str, units: dict[str, UUID]
) -> None:
    today = clock.today()

    def due(days_ago: int, client: Client = n1, customer_id: str = customer, **more: Any) -> None:
        ordered = today - timedelta(days=days_ago + rules.PAYMENT_TERM_DAYS)
        world.confirmed(client, customer_id, ordered_on=ordered.isoformat(), **more)

    for days in (-5, 0, 1, 30, 31, 400):
        due(days)
    due(400, currency="USD")
    due(400, e1, world.customer(units["E1"], "E1-000001"))
    part = n1.get(f"/receivables?due_on={today - timedelta(days=31)}").json["items"][0]
    pay(n1, customer, "50", (part["id"], "50"))
    gone = n1.get(f"/receivables?due_on={today}").json["items"][0]
    n1.post(f"/receivables/{gone['id']}/write-off", {"reason": "bankrupt"})

    bands = {band["band"]: band for band in n1.get("/receivables/ageing").json["bands"]}

    assert list(bands) == ["not_due", "to_30", "to_60", "to_90", "over_90"]
    assert [band["count"] for band in bands.values()] == [1, 2, 1, 0, 2]
    assert bands["to_60"]["amounts"] == [{"amount": "150.00", "currency": "CNY"}]
    assert [money["currency"] for money in bands["over_90"]["amounts"]] == ["CNY", "USD"]
    for band in bands.values():
        limits = {
            "due_on__gte": band["due_from"],
            "due_on__lte": band["due_to"],
            "status__in": "open,partly_paid,overdue",
        }
        asked = "&".join(f"{name}={value}" for name, value in limits.items() if value)
        assert n1.get(f"/receivables?count=true&{asked}").json["total"] == band["count"], band["band"]
    assert n1.get("/receivables/ageing?amount__gte=1000").json["bands"][0]["count"] == 0
    assert n1.get("/receivables/ageing?nothing=1").status_code == 422
    assert nobody.get("/receivables/ageing").status_code == 401


@pytest.mark.parametrize("closed", ["amount", "outstanding"])
def test_an_ageing_sums_nothing_that_is_closed_to_the_caller(
    bench: Bench, world: World, n1: Client, customer: str, closed: str
) -> None:
    world.confirmed(n1, customer)
    assert n1.principal
    unit, read = n1.principal.unit_id, ["receivable:read"]
    partly = bench.client(bench.caller(unit, read, username="partly", fields={"receivable": {closed: "hidden"}}))
    blind = bench.client(bench.caller(unit, read, username="blind", fields={"receivable": {"due_on": "hidden"}}))

    bands = partly.get("/receivables/ageing").json["bands"]

    assert (sum(band["count"] for band in bands), {band["amounts"] for band in bands}) == (1, {None})
    assert blind.get("/receivables/ageing").status_code == 403
