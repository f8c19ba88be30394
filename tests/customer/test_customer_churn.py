"""Churn: who fell silent by which rule, and what becomes of the case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client
from crm_customer.churn import rules

from .conftest import ALL, Made

TODAY = date(2026, 8, 31)
NOW = datetime(2026, 8, 31, 4, tzinfo=UTC)
ROOT, NORTH, TEAM = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2024, 8, 31), 6, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 6, 30), 18, date(2024, 12, 30)),
    ],
)
def test_calendar_months_back(day: date, months: int, before: date) -> None:
    assert rules.months_before(day, months) == before


@pytest.mark.parametrize(
    ("last", "overdue"),
    [(date(2026, 2, 27), True), (date(2026, 2, 28), False), (date(2026, 3, 1), False)],
)
def test_an_order_exactly_so_long_ago_is_not_overdue(last: date, overdue: bool) -> None:
    assert rules.is_overdue(last, today=TODAY, months=6) is overdue


@pytest.mark.parametrize(
    ("level", "made", "months"),
    [
        (None, {}, 6),
        ("A", {(ROOT, None): 9}, 9),
        ("A", {(ROOT, None): 9, (ROOT, "A"): 3}, 3),
        ("B", {(ROOT, None): 9, (ROOT, "A"): 3}, 9),
        ("A", {(ROOT, "A"): 3, (NORTH, None): 12}, 12),
        ("A", {(ROOT, "A"): 3, (NORTH, "B"): 12}, 3),
        ("A", {(TEAM, "A"): 1, (NORTH, "A"): 2, (ROOT, "A"): 3}, 1),
        (None, {(NORTH, "B"): 12}, 6),
    ],
)
def test_the_nearest_rule_that_fits_wins(level: str | None, made: dict[Any, int], months: int) -> None:
    assert rules.months_for([TEAM, NORTH, ROOT], level, made) == months


def test_rules_are_spelled_out_for_the_units_they_reach_only() -> None:
    paths = {ROOT: [ROOT], NORTH: [NORTH, ROOT], TEAM: [TEAM, NORTH, ROOT]}

    lines = rules.patience_of(paths, {(NORTH, None): 4, (TEAM, "A"): 2})

    assert {(line.unit_id, line.level, line.months) for line in lines} == {
        (NORTH, None, 4),
        (NORTH, "A", 4),
        (TEAM, None, 4),
        (TEAM, "A", 2),
    }


def test_reasons_are_said_in_both_languages_and_in_numbers() -> None:
    silence = rules.Silence(
        last_order_on=date(2026, 1, 1),
        first_order_on=date(2025, 1, 1),
        orders=13,
        months=6,
        last_contact_on=date(2026, 2, 1),
        complaints=1,
    )

    reasons = rules.reasons(silence, today=TODAY)

    assert [reason["code"] for reason in reasons] == ["no_order", "rhythm_broken", "no_contact", "open_complaints"]
    assert reasons[0]["values"] == {"days": 242, "last_order_on": "2026-01-01", "months": 6}
    assert reasons[1]["values"] == {"usual_days": 30, "orders": 13}
    assert all(reason["zh"] and reason["en"] for reason in reasons)


# --- the scan ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def order(bench: Bench) -> Callable[..., str]:
    """Delivers an order of a customer and answers its id."""

    def deliver(customer: dict[str, Any], on: str, *, fact: str = "confirmed", version: int = 2, **more: Any) -> str:
        document = {
            "id": str(uuid7()),
            "unit_id": customer["unit_id"],
            "owner_id": customer["owner_id"],
            "number": "SO-1",
            "customer_id": customer["id"],
            "ordered_on": on,
            "status": fact,
            "total": {"amount": "100.00", "currency": "CNY"},
            "lines": [],
            **more,
        }
        bench.deliver(f"crm.sales.order.{fact}.v1", document, version=version)
        return document["id"]

    return deliver


def scan(bench: Bench, at: datetime = NOW) -> list[dict[str, Any]]:
    """Let the hourly scan come by; answers the warnings published so far."""
    with clock.frozen(at):
        schedules.run_due(bench.runtime)
    return [event["data"] for event in bench.events("crm.customer.churn-case.warned.v1")]


def test_exactly_those_are_warned_of_whose_last_order_is_too_old(
    bench: Bench, n1: Client, made: Made, order: Callable[..., str]
) -> None:
    silent, today_ok, bought_again = made("甲甲", relation="customer"), made("乙乙"), made("丙丙")
    never, cancelled, partner = made("丁丁"), made("戊戊"), made("己己", relation="partner")
    order(silent, "2026-02-27")
    order(today_ok, "2026-02-28")
    order(bought_again, "2025-01-01")
    order(bought_again, "2026-08-01")
    order(cancelled, "2025-01-01", fact="cancelled")
    order(partner, "2025-01-01")

    warned = scan(bench)

    assert [case["customer_id"] for case in warned] == [silent["id"]], never["id"]
    case = warned[0]
    assert (case["customer_name"], case["owner_id"], case["status"]) == ("甲甲", silent["owner_id"], "warned")
    assert case["reasons"][0]["values"]["last_order_on"] == "2026-02-27"
    assert n1.get(f"/customers/{silent['id']}").json["churn_risk"] == "high"
    assert len(scan(bench, NOW + timedelta(hours=2))) == 1
    assert n1.get("/churn-cases").json["items"][0]["can"] == ["update", "reprieve", "confirm-lost", "recover"]


def test_rules_of_unit_and_level_decide(
    bench: Bench, n1: Client, e1: Client, made: Made, order: Callable[..., str]
) -> None:
    assert n1.post("/churn-rules", {"months_without_order": 12}).status_code == 201
    assert n1.post("/churn-rules", {"months_without_order": 2, "level": "key"}).status_code == 201
    assert n1.post("/churn-rules", {"months_without_order": 3, "level": "key"}).status_code == 409
    key, plain, east = made("甲甲", level="key"), made("乙乙"), made("丙丙", e1)
    for customer in (key, plain, east):
        order(customer, "2026-01-15")
    order(key, "2026-06-01")

    assert {case["customer_id"] for case in scan(bench)} == {key["id"], east["id"]}


def test_the_scan_on_demand_reaches_as_far_as_the_right_to_it(
    bench: Bench, n1: Client, e1: Client, made: Made, order: Callable[..., str]
) -> None:
    for customer in (made("甲甲"), made("乙乙", e1)):
        order(customer, "2020-01-01")
    assert bench.client().post("/churn-cases/scan").status_code == 401
    reader = bench.client(bench.caller(n1.principal.unit_id, ["churn_case:read"]))
    assert reader.post("/churn-cases/scan").status_code == 403

    started = e1.post("/churn-cases/scan")
    bench.run_jobs()

    assert started.status_code == 202
    assert e1.get(started.headers["Location"]).json["counts"] == {"warned": 1, "warned_again": 0}
    assert [case["customer_name"] for case in n1.get("/churn-cases").json["items"]] == []
    assert [case["customer_name"] for case in e1.get("/churn-cases").json["items"]] == ["乙乙"]


def test_silence_is_counted_by_the_day_where_the_unit_works(
    bench: Bench, n1: Client, units: dict[str, UUID], made: Made, order: Callable[..., str]
) -> None:
    west = bench.client(
        bench.caller(bench.unit("W1", units["BD"], timezone="America/Los_Angeles"), ALL, username="west")
    )
    here, there = made("甲甲"), made("乙乙", west)
    for customer in (here, there):
        order(customer, "2026-02-27")
    evening = datetime(2026, 8, 28, 4, tzinfo=UTC)  # of the 27th in Los Angeles

    assert [case["customer_id"] for case in scan(bench, evening)] == [here["id"]]
    both = scan(bench, evening + timedelta(hours=4))
    assert [case["customer_id"] for case in both] == [here["id"], there["id"]]
    case = west.get("/churn-cases").json["items"][0]
    with clock.frozen(evening):
        until = {"measures": "x", "until": "2026-08-28"}
        assert west.post(f"/churn-cases/{case['id']}/reprieve", until).status_code == 200, "that is tomorrow"
    assert len(scan(bench, evening + timedelta(hours=26))) == 2, "its last hour has begun"
    assert len(scan(bench, evening + timedelta(hours=28))) == 3


@pytest.fixture
def case(bench: Bench, n1: Client, made: Made, order: Callable[..., str]) -> dict[str, Any]:
    """A customer of N1 who is warned of on 31 August 2026."""
    order(made("甲甲"), "2026-01-15")
    scan(bench)
    return n1.get("/churn-cases").json["items"][0]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("reprieve", {"measures": "拜访", "until": "2099-01-01"}),
        ("confirm-lost", {"reason": "倒闭"}),
        ("recover", {}),
    ],
)
def test_case_verbs_refuse_strangers(
    bench: Bench, n1: Client, e1: Client, case: dict[str, Any], verb: str, body: dict[str, Any]
) -> None:
    path = f"/churn-cases/{case['id']}/{verb}"
    reader = bench.client(bench.caller(n1.principal.unit_id, ["churn_case:read"]))

    assert bench.client().post(path, body).status_code == 401
    assert e1.post(path, body).status_code == 404
    assert reader.post(path, body).status_code == 403
    assert n1.post(path, body).status_code == 200


def test_a_reprieve_ends_in_a_warning_unless_the_customer_buys(bench: Bench, n1: Client, case: dict[str, Any]) -> None:
    path = f"/churn-cases/{case['id']}"
    with clock.frozen(NOW):
        assert n1.post(f"{path}/reprieve", {"measures": "x", "until": "2026-08-31"}).status_code == 422
        given = n1.post(f"{path}/reprieve", {"measures": "拜访", "until": "2026-09-10"})
    assert (given.status_code, given.json["status"], given.json["measures"]) == (200, "reprieved", "拜访")
    assert n1.get(f"/customers/{case['customer_id']}").json["churn_risk"] == "medium"

    assert len(scan(bench, NOW + timedelta(days=10))) == 1
    assert len(scan(bench, NOW + timedelta(days=11))) == 2
    assert n1.get(path).json["status"] == "warned"


def test_a_customer_who_orders_again_is_recovered_by_itself(
    bench: Bench, n1: Client, case: dict[str, Any], order: Callable[..., str]
) -> None:
    customer = n1.get(f"/customers/{case['customer_id']}").json
    with clock.frozen(NOW):
        order(customer, "2025-12-01")
        assert n1.get(f"/churn-cases/{case['id']}").json["status"] == "warned"
        order(customer, "2026-08-30")

    assert n1.get(f"/churn-cases/{case['id']}").json["status"] == "recovered"
    assert len(bench.events("crm.customer.churn-case.recovered.v1")) == 1
    assert n1.get(f"/customers/{customer['id']}").json["churn_risk"] == "low"
    assert len(scan(bench, NOW + timedelta(days=1))) == 1
    assert len(scan(bench, NOW + timedelta(days=200))) == 2


def test_a_lost_customer_is_not_warned_of_again_for_the_same_silence(
    bench: Bench, n1: Client, case: dict[str, Any], order: Callable[..., str]
) -> None:
    path = f"/churn-cases/{case['id']}"
    lost = n1.post(f"{path}/confirm-lost", {"reason": "倒闭"})
    assert (lost.json["status"], lost.json["lost_reason"], lost.json["can"]) == ("lost", "倒闭", ["update", "recover"])
    assert n1.post(f"{path}/confirm-lost", {"reason": "x"}).status_code == 409
    assert n1.post(f"{path}/reprieve", {"measures": "x", "until": "2099-01-01"}).status_code == 409

    assert len(scan(bench, NOW + timedelta(days=1))) == 1
    order(n1.get(f"/customers/{case['customer_id']}").json, "2026-02-01")
    assert len(scan(bench, NOW + timedelta(days=2))) == 2


def test_a_lost_customer_who_orders_again_is_recovered(
    bench: Bench, n1: Client, case: dict[str, Any], order: Callable[..., str]
) -> None:
    customer = n1.get(f"/customers/{case['customer_id']}").json
    n1.post(f"/churn-cases/{case['id']}/confirm-lost", {"reason": "转投他人"})

    def risk() -> str:
        return n1.get(f"/customers/{customer['id']}").json["churn_risk"]

    with clock.frozen(NOW):
        order(customer, "2026-01-10")
        assert risk() == "lost"
        order(customer, "2026-02-20")
        assert risk() == "lost"
        order(customer, "2026-08-30")

    assert risk() == "low"
    assert n1.get(f"/churn-cases/{case['id']}").json["status"] == "recovered"
    assert len(bench.events("crm.customer.churn-case.recovered.v1")) == 1


def test_a_recovery_people_speak_of_starts_the_months_anew(bench: Bench, n1: Client, case: dict[str, Any]) -> None:
    with clock.frozen(NOW):
        assert n1.post(f"/churn-cases/{case['id']}/recover").json["status"] == "recovered"
        assert n1.post(f"/churn-cases/{case['id']}/recover").status_code == 409

    assert len(scan(bench, NOW + timedelta(days=100))) == 1
    assert len(scan(bench, NOW + timedelta(days=190))) == 2


def test_an_open_case_follows_its_customer(n1: Client, seller: Client, case: dict[str, Any]) -> None:
    owner = str(seller.principal.user_id)
    assert n1.post(f"/customers/{case['customer_id']}/assign", {"owner_id": owner}).status_code == 200

    followed = seller.get(f"/churn-cases/{case['id']}").json
    assert (followed["owner_id"], followed["unit_id"]) == (owner, str(seller.principal.unit_id))


def test_whoever_keeps_a_copy_of_a_case_hears_that_its_customer_changed_hands_or_name(
    bench: Bench, n1: Client, seller: Client, case: dict[str, Any]
) -> None:
    path, owner = f"/customers/{case['customer_id']}", str(seller.principal.user_id)
    unit = str(seller.principal.unit_id)

    def told() -> tuple[str | None, str, str, int]:
        event = bench.events("crm.customer.churn-case.changed.v1")[-1]
        data = event["data"]
        return data["owner_id"], data["unit_id"], data["customer_name"], event["aggregateversion"]

    n1.post(f"{path}/assign", {"owner_id": owner})
    assert told() == (owner, unit, "甲甲", 2)
    n1.post(f"{path}/release", {"reason": "x"})
    assert told() == (None, unit, "甲甲", 3)
    claimed = seller.post(f"{path}/claim")
    assert told() == (owner, unit, "甲甲", 4)
    n1.patch(path, {"name": "乙乙"}, version=claimed.json["version"])
    assert told() == (owner, unit, "乙乙", 5)
    renamed = n1.get(path).json
    n1.patch(path, {"address": "世纪大道"}, version=renamed["version"])
    assert told() == (owner, unit, "乙乙", 5)


def test_a_handover_of_a_users_work_is_told_of_open_cases_too(
    bench: Bench, n1: Client, seller: Client, case: dict[str, Any]
) -> None:
    old, new = str(n1.principal.user_id), str(seller.principal.user_id)

    bench.deliver("crm.gateway.user.handed-over.v1", {"id": old, "to_user_id": new}, version=2)

    (event,) = bench.events("crm.customer.churn-case.changed.v1")
    assert (event["data"]["id"], event["data"]["owner_id"]) == (case["id"], new)


# --- orders -----------------------------------------------------------------------------------------------------------


def test_the_last_order_is_right_in_any_order_and_however_often(
    bench: Bench, n1: Client, made: Made, order: Callable[..., str]
) -> None:
    customer = made("甲甲")
    path = f"/customers/{customer['id']}"
    first = order(customer, "2026-03-01")
    newest = order(customer, "2026-05-01", version=3)
    order(customer, "2026-05-01", id=newest, version=3)
    order(customer, "2026-09-09", id=newest, version=2)
    assert n1.get(path).json["last_order_at"] == "2026-04-30T16:00:00Z"
    assert n1.get(path).json["relation"] == "customer"

    order(customer, "2026-05-01", id=newest, fact="cancelled", version=4)
    assert n1.get(path).json["last_order_at"] == "2026-02-28T16:00:00Z"
    order(customer, "2026-03-01", id=first, fact="cancelled", version=4)
    assert n1.get(path).json["last_order_at"] is None
    assert len(bench.events("crm.customer.customer.changed.v1")) == 1


def test_a_draft_is_no_order_yet(n1: Client, made: Made, order: Callable[..., str]) -> None:
    customer = made("甲甲")
    order(customer, "2026-03-01", fact="created", status="draft", version=1)

    got = n1.get(f"/customers/{customer['id']}").json
    assert (got["last_order_at"], got["relation"]) == (None, "prospect")
