"""The 360° page: the timeline and the figures, fed by every service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client
from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import subscribers_of
from crm_customer.timeline.consumers import customers_of
from crm_customer.timeline.rules import FACTS, title

from .conftest import Made

ENGLISH = {"Accept-Language": "en"}
OTHERS = ("order:read", "opportunity:read", "receivable:read", "request:read", "travel_plan:read", "payment:read")


def test_every_fact_is_an_event_that_arrives_and_reads_in_both_languages() -> None:
    for event_type, fact in FACTS.items():
        assert event_type in REGISTRY
        assert event_type.startswith("crm.customer.") or "customer" in subscribers_of(event_type)
        assert title(fact, {}, "zh-CN") != title(fact, {}, "en")


def test_handlers_hear_only_what_is_sent_here() -> None:
    from crm_customer.app import service

    assert [name for name in service.handlers if "customer" not in subscribers_of(name)] == []


def test_a_title_shows_money_words_and_gaps() -> None:
    confirmed = FACTS["crm.sales.order.confirmed.v1"]
    recorded = FACTS["crm.customer.interaction.recorded.v1"]

    total = {"amount": "12.30", "currency": "CNY"}
    assert title(confirmed, {"number": "SO-1", "total": total}, "zh-CN") == "订单 SO-1 已确认，12.30 CNY"
    assert title(confirmed, {"number": "SO-1"}, "en") == "Order SO-1 confirmed, …"
    assert title(recorded, {"kind": "visit", "subject": "x"}, "zh-CN") == "拜访：x"


def test_a_part_of_an_order_is_not_told_as_the_whole() -> None:
    delivered = FACTS["crm.sales.order.delivered.v1"]

    told = [title(delivered, {"number": "SO-1", "status": status}, "en") for status in ("confirmed", "delivered")]
    assert told == ["Order SO-1 delivered in part", "Order SO-1 delivered"]
    assert title(delivered, {"number": "SO-1", "status": "confirmed"}, "zh-CN") == "订单 SO-1 已部分交付"


def test_the_customers_an_event_names() -> None:
    one, two = uuid7(), uuid7()

    assert customers_of({"customer_id": str(one)}) == [one]
    assert customers_of({"customer_ids": [str(one), str(two)], "customer_id": str(two)}) == [two, one]
    assert customers_of({"about": {"type": "customer", "id": str(one)}}) == [one]
    assert customers_of({"about": {"type": "order", "id": str(one)}, "customer_id": None}) == []


@pytest.fixture
def reader(bench: Bench, units: dict[str, UUID]) -> Client:
    """Reads everything about the customers of N1, other services' things too."""
    own = [f"{name}:read" for name in ("customer", "contact", "interaction", "activity", "churn_case")]
    return bench.client(bench.caller(units["N1"], [*own, *OTHERS], username="reader"))


def _order(customer: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "unit_id": customer["unit_id"],
        "owner_id": customer["owner_id"],
        "number": "SO-1",
        "customer_id": customer["id"],
        "ordered_on": clock.today().isoformat(),
        "status": "confirmed",
        "total": {"amount": "100.00", "currency": "CNY"},
        "lines": [],
        **more,
    }


def test_what_happens_anywhere_is_on_the_timeline_newest_first(
    bench: Bench, n1: Client, reader: Client, made: Made
) -> None:
    customer = made("甲甲")
    n1.post("/contacts", {"customer_id": customer["id"], "name": "王一"})
    call = n1.post("/interactions", {"customer_id": customer["id"], "kind": "call", "subject": "问候"}).json
    n1.patch(f"/interactions/{call['id']}", {"subject": "问候您"}, version=1)
    bench.deliver("crm.sales.order.confirmed.v1", _order(customer), version=2)
    trip = {"number": "TP-1", "subject": "华东", "customer_ids": [customer["id"]], "traveller_id": str(uuid7())}
    trip |= {"id": str(uuid7()), "unit_id": customer["unit_id"], "owner_id": None, "status": "active"}
    bench.deliver("crm.expenses.travel-plan.started.v1", trip, version=3)

    page = reader.get(f"/customers/{customer['id']}/timeline", headers=ENGLISH)

    assert page.status_code == 200, page.json
    assert [entry["title"] for entry in page.json["items"]] == [
        "Trip TP-1 started: 华东",
        "Order SO-1 confirmed, 100.00 CNY",
        "Call: 问候您",
        "Contact 王一 added",
        "Customer created",
    ]
    order = page.json["items"][1]
    assert order["link"].startswith("/orders/")
    assert order["payload"] == {
        "number": "SO-1",
        "status": "confirmed",
        "total": {"amount": "100.00", "currency": "CNY"},
    }
    assert page.json["items"][2]["actor_name"] == "n1"
    chinese = reader.get(f"/customers/{customer['id']}/timeline?kinds=order", headers={"Accept-Language": "zh-CN"})
    assert [entry["title"] for entry in chinese.json["items"]] == ["订单 SO-1 已确认，100.00 CNY"]


def test_pages_of_a_timeline_hold_every_entry_once(bench: Bench, reader: Client, n1: Client, made: Made) -> None:
    customer = made("甲甲")
    for day in range(1, 6):
        at = (clock.now() - timedelta(days=day)).isoformat()
        n1.post(
            "/interactions", {"customer_id": customer["id"], "kind": "call", "subject": f"{day}", "occurred_at": at}
        )
    path, seen, cursor = f"/customers/{customer['id']}/timeline?limit=2", [], ""
    while True:
        page = reader.get(path + cursor, headers=ENGLISH).json
        seen += [entry["title"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == ["Customer created", "Call: 1", "Call: 2", "Call: 3", "Call: 4", "Call: 5"]
    assert reader.get(f"{path}&kinds=order{cursor}").status_code == 422
    assert reader.get(f"{path}&kinds=nonsense").status_code == 422


def test_an_event_that_comes_twice_is_told_once(
    bench: Bench, reader: Client, made: Made, again: Callable[[str], None]
) -> None:
    customer = made("甲甲")
    bench.deliver("crm.sales.order.confirmed.v1", _order(customer), version=2)
    again("crm.sales.order.confirmed.v1")

    assert len(reader.get(f"/customers/{customer['id']}/timeline?kinds=order").json["items"]) == 1


def test_a_timeline_shows_no_more_than_the_caller_may_read(
    bench: Bench, units: dict[str, UUID], n1: Client, e1: Client, made: Made
) -> None:
    customer = made("甲甲")
    bench.deliver("crm.sales.order.confirmed.v1", _order(customer), version=2)
    path = f"/customers/{customer['id']}/timeline"
    hidden = {"order": {"total": "hidden"}}
    partly = bench.client(bench.caller(units["N1"], ["customer:read", "order:read"], fields=hidden))

    assert bench.client().get(path).status_code == 401
    assert e1.get(path).status_code == 404
    assert [entry["kind"] for entry in n1.get(path).json["items"]] == ["customer"]
    entry = partly.get(path, headers=ENGLISH).json["items"][0]
    assert entry["title"] == "Order SO-1 confirmed, …"
    assert "total" not in entry["payload"]


def test_a_deleted_interaction_leaves_the_timeline(n1: Client, made: Made) -> None:
    customer = made("甲甲")
    call = n1.post("/interactions", {"customer_id": customer["id"], "kind": "call", "subject": "x"}).json
    n1.delete(f"/interactions/{call['id']}", version=1)

    assert n1.get(f"/customers/{customer['id']}/timeline?kinds=interaction").json["items"] == []


def test_the_figures_of_a_customer(bench: Bench, n1: Client, reader: Client, made: Made) -> None:
    customer = made("甲甲")
    common = {"unit_id": customer["unit_id"], "owner_id": None, "customer_id": customer["id"]}
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    money = {"amount": "50.00", "currency": "CNY"}
    paid = {"amount": "20.00", "currency": "CNY"}
    owed = {**common, "order_id": str(uuid7()), "due_on": yesterday, "amount": money, "paid": paid}
    asked = {**common, "number": "SR-1", "kind": "complaint", "summary": "x", "priority": "high"}
    asked |= {"assignee_id": None, "due_at": None}
    bench.deliver("crm.sales.order.confirmed.v1", _order(customer), version=2)
    bench.deliver("crm.sales.order.confirmed.v1", _order(customer, ordered_on="2020-01-01"), version=2)
    chance = {**common, "id": uuid7(), "name": "x", "stage": "a", "probability": 10, "amount": money, "status": "open"}
    bench.deliver("crm.sales.opportunity.created.v1", chance, version=1)
    bench.deliver("crm.sales.receivable.overdue.v1", {**owed, "id": uuid7(), "status": "overdue"}, version=3)
    request = {**asked, "id": uuid7()}
    bench.deliver("crm.service-desk.request.created.v1", {**request, "status": "created"}, version=1)
    rated = {**asked, "id": uuid7(), "status": "archived", "satisfaction": 4}
    bench.deliver("crm.service-desk.request.rated.v1", rated, version=5)
    n1.post("/interactions", {"customer_id": customer["id"], "kind": "call", "subject": "问候"})

    figures = reader.get(f"/customers/{customer['id']}/overview")

    assert figures.status_code == 200, figures.json
    found = figures.json
    assert found["orders_12_months"] == {"count": 1, "total": [{"amount": "100.00", "currency": "CNY"}]}
    assert found["open_opportunities"] == {"count": 1, "total": [money]}
    assert found["open_receivables"]["total"] == [{"amount": "30.00", "currency": "CNY"}]
    assert found["open_receivables"]["overdue"]["count"] == 1
    assert found["requests"] == {"open": 1, "complaints": 1, "satisfaction": 4.0}
    assert found["satisfaction"] == 4
    assert found["last_interaction"]["subject"] == "问候"
    assert found["last_order_at"]
    limited = n1.get(f"/customers/{customer['id']}/overview").json
    assert (limited["orders_12_months"], limited["open_receivables"]) == (None, None)


def test_what_came_back_or_was_not_delivered_is_neither_bought_nor_owed(
    bench: Bench, reader: Client, made: Made
) -> None:
    customer = made("甲甲")
    order = _order(customer)
    owed = {"id": str(uuid7()), "unit_id": customer["unit_id"], "owner_id": None, "customer_id": customer["id"]}
    owed |= {"order_id": order["id"], "due_on": "2020-01-01", "status": "overdue"}

    def cny(amount: str) -> dict[str, str]:
        return {"amount": amount, "currency": "CNY"}

    bench.deliver("crm.sales.receivable.overdue.v1", {**owed, "amount": cny("100.00")}, version=1)
    settled = {"amount": cny("100.00"), "paid": cny("20.00"), "credited": cny("30.00")}
    bench.deliver("crm.sales.receivable.changed.v1", {**owed, **settled}, version=2)
    ended = {"status": "closed", "returned_total": cny("30.00"), "cancelled_total": cny("25.00")}
    bench.deliver("crm.sales.order.closed.v1", {**order, **ended}, version=4)

    found = reader.get(f"/customers/{customer['id']}/overview").json

    assert found["orders_12_months"] == {"count": 1, "total": [cny("45.00")]}
    assert found["open_receivables"]["total"] == found["open_receivables"]["overdue"]["total"] == [cny("50.00")]


def test_figures_tell_nothing_of_the_fields_that_are_closed_to_the_caller(
    bench: Bench, n1: Client, units: dict[str, UUID], made: Made
) -> None:
    customer = made("甲甲")
    common = {"unit_id": customer["unit_id"], "owner_id": None, "customer_id": customer["id"]}
    money = {"amount": "50.00", "currency": "CNY"}
    bench.deliver("crm.sales.order.confirmed.v1", _order(customer), version=2)
    chance = {**common, "id": uuid7(), "name": "x", "stage": "a", "probability": 10, "amount": money, "status": "open"}
    bench.deliver("crm.sales.opportunity.created.v1", chance)
    owed = {**common, "id": uuid7(), "order_id": uuid7(), "due_on": "2020-01-01", "amount": money, "status": "overdue"}
    bench.deliver("crm.sales.receivable.overdue.v1", owed)
    n1.post("/interactions", {"customer_id": customer["id"], "kind": "call", "subject": "问候"})
    closed = {
        "order": {"total": "hidden"},
        "opportunity": {"amount": "masked"},
        "receivable": {"amount": "hidden"},
        "interaction": {"subject": "hidden"},
    }
    grants = ["customer:read", *(f"{resource}:read" for resource in closed)]
    partly = bench.client(bench.caller(units["N1"], grants, username="partly", fields=closed))

    found = partly.get(f"/customers/{customer['id']}/overview").json

    assert found["orders_12_months"] == found["open_opportunities"] == {"count": 1, "total": None}
    assert found["open_receivables"] == {"count": 1, "total": None, "overdue": {"count": 1, "total": None}}
    assert (found["last_interaction"]["kind"], found["last_interaction"]["subject"]) == ("call", None)


def test_figures_are_for_who_sees_the_customer(bench: Bench, e1: Client, made: Made) -> None:
    path = f"/customers/{made('甲甲')['id']}/overview"

    assert bench.client().get(path).status_code == 401
    assert e1.get(path).status_code == 404
