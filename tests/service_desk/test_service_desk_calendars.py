"""Business calendars over HTTP, and the limits that count by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_service_desk.calendars.rules import WORKING_WEEK

from .conftest import Desk

WEEK = {**WORKING_WEEK, "name": "工作日"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def calendar(desk: Desk, **more: Any) -> dict[str, Any]:
    made = desk.agent.post("/business-calendars", {**WEEK, **more})
    assert made.status_code == 201, made.json
    return made.json  # type: ignore[no-any-return]


def policy(desk: Desk, calendar_id: str | None) -> dict[str, Any]:
    body = {"name": "office hours", "response_minutes": 60, "resolve_minutes": 600, "calendar_id": calendar_id}
    made = desk.agent.post("/sla-policies", body)
    assert made.status_code == 201, made.json
    return made.json  # type: ignore[no-any-return]


def due(request: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(request[name]) for name in ("response_due_at", "due_at")]


def test_a_calendar_begins_in_the_time_zone_of_its_unit(desk: Desk) -> None:
    made = calendar(desk)

    assert (made["timezone"], made["special_days"]) == ("Asia/Shanghai", [])
    assert made["hours"][0] == {"weekday": 1, "opens": "09:00", "closes": "18:00"}


def test_limits_count_while_the_company_works(desk: Desk) -> None:
    closed = {"first_on": "2026-10-01", "last_on": "2026-10-07", "name": "国庆节"}
    policy(desk, calendar(desk, special_days=[closed])["id"])

    with clock.frozen(at("2026-09-30 17:30")):
        made = desk.request()

    assert due(made) == [at("2026-10-08 09:30"), at("2026-10-09 09:30")]


def test_a_hold_over_the_weekend_costs_only_its_working_time(desk: Desk) -> None:
    policy(desk, calendar(desk)["id"])
    with clock.frozen(at("2026-09-25 09:00")):  # a Friday
        made = desk.request()
    assert due(made) == [at("2026-09-25 10:00"), at("2026-09-28 10:00")]

    with clock.frozen(at("2026-09-25 17:00")):
        desk.verb(made, "hold", until=at("2026-09-28 12:00").isoformat(), reason="waits for a part")
    with clock.frozen(at("2026-09-28 12:00")):
        schedules.run_due(desk.bench.runtime)
        resumed = desk.agent.get(f"/requests/{made['id']}").json

    assert resumed["status"] == "created"
    assert due(resumed)[1] == at("2026-09-28 14:00"), "an hour on Friday, three on Monday"
    with clock.frozen(at("2026-09-28 12:00")):
        milder = desk.agent.patch(f"/requests/{made['id']}", {"priority": "low"}, version=resumed["version"]).json
    assert due(milder)[1] == due(resumed)[1], "a new priority counts the same hold"


def test_a_request_keeps_its_limits_when_the_calendar_changes(desk: Desk) -> None:
    week = calendar(desk)
    policy(desk, week["id"])
    with clock.frozen(at("2026-09-25 17:30")):
        made = desk.request()
    hours = [{"weekday": 6, "opens": "00:00", "closes": "24:00"}]
    assert desk.agent.patch(f"/business-calendars/{week['id']}", {"hours": hours}, version=1).status_code == 200

    with clock.frozen(at("2026-09-25 17:30")):
        later = desk.request()

    assert due(desk.agent.get(f"/requests/{made['id']}").json) == due(made)
    assert due(later)[0] == at("2026-09-26 01:00")


SATURDAY = {"first_on": "2026-10-10", "last_on": "2026-10-10", "name": "调休上班", "as_weekday": 3}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"hours": []}, "/hours"),
        ({"hours": [{"weekday": 8, "opens": "09:00", "closes": "18:00"}]}, "/hours/0/weekday"),
        ({"hours": [{"weekday": 1, "opens": "9", "closes": "18:00"}]}, "/hours/0/opens"),
        ({"hours": [{"weekday": 1, "opens": "22:00", "closes": "06:00"}]}, "/hours/0/closes"),
        ({"hours": [*WEEK["hours"], {"weekday": 1, "opens": "17:00", "closes": "24:00"}]}, "/hours/5/opens"),
        ({"special_days": [SATURDAY | {"last_on": "2026-10-09"}]}, "/special_days/0/last_on"),
        ({"special_days": [SATURDAY | {"last_on": "2028-10-09"}]}, "/special_days/0/last_on"),
        ({"special_days": [SATURDAY, SATURDAY | {"first_on": "2026-10-01"}]}, "/special_days/0/first_on"),
        ({"special_days": [SATURDAY | {"as_weekday": 0}]}, "/special_days/0/as_weekday"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
    ],
)
def test_hours_and_days_that_make_no_sense_are_refused(desk: Desk, wrong: dict[str, Any], pointer: str) -> None:
    answer = desk.agent.post("/business-calendars", {**WEEK, **wrong})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer, answer.json


def test_special_days_are_kept_in_their_order(desk: Desk) -> None:
    earlier = {"first_on": "2026-05-01", "last_on": "2026-05-05", "name": "劳动节", "as_weekday": None}

    made = calendar(desk, special_days=[SATURDAY, earlier])

    assert made["special_days"] == [earlier, SATURDAY]
    assert desk.agent.get(f"/business-calendars/{made['id']}").json["special_days"] == [earlier, SATURDAY]


def test_a_calendar_by_which_limits_count_stays(desk: Desk) -> None:
    week = calendar(desk)
    counting = policy(desk, week["id"])

    refused = desk.agent.delete(f"/business-calendars/{week['id']}", version=1)
    assert refused.status_code == 409

    desk.agent.patch(f"/sla-policies/{counting['id']}", {"calendar_id": None}, version=1)
    assert desk.agent.delete(f"/business-calendars/{week['id']}", version=1).status_code == 204


def test_a_request_on_hold_outlives_its_calendar(desk: Desk) -> None:
    week = calendar(desk)
    counting = policy(desk, week["id"])
    with clock.frozen(at("2026-09-25 09:00")):
        made = desk.request()
        desk.verb(made, "hold", until=at("2026-09-25 12:00").isoformat(), reason="waits for a part")
    desk.agent.delete(f"/sla-policies/{counting['id']}", version=1)
    assert desk.agent.delete(f"/business-calendars/{week['id']}", version=1).status_code == 204

    with clock.frozen(at("2026-09-25 11:00")):
        resumed = desk.verb(made, "resume")

    assert due(resumed)[1] == at("2026-09-28 12:00")


def test_a_policy_counts_by_a_calendar_of_its_unit_or_above(desk: Desk) -> None:
    theirs = desk.stranger.post("/business-calendars", WEEK).json["id"]
    body = {"name": "x", "response_minutes": 1, "resolve_minutes": 2}

    for unknown in (theirs, str(uuid7())):
        answer = desk.agent.post("/sla-policies", {**body, "calendar_id": unknown})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/calendar_id")

    reach = [f"{each}:{action}" for each in ("sla_policy", "business_calendar") for action in ("read", "create")]
    office = desk.bench.client(desk.bench.caller(desk.root, reach))
    elsewhere = office.post("/sla-policies", {**body, "calendar_id": theirs})
    assert (elsewhere.status_code, elsewhere.json["errors"][0]["code"]) == (422, "elsewhere")
    assert office.post("/sla-policies", {**body, "calendar_id": theirs, "unit_id": str(desk.e1)}).status_code == 201


def test_calendars_want_their_permission(desk: Desk) -> None:
    assert desk.bench.client().post("/business-calendars", WEEK).status_code == 401
    reader = desk.bench.client(desk.bench.caller(desk.n1, ["business_calendar:read"]))
    assert reader.post("/business-calendars", WEEK).status_code == 403
    nobody = desk.bench.client(desk.bench.caller(desk.n1, ["sla_policy:read"]))
    assert nobody.get("/business-calendars/public-holidays?country=CN&year=2026").status_code == 403
    made = calendar(desk)
    assert desk.stranger.get(f"/business-calendars/{made['id']}").status_code == 404


def test_public_holidays_fill_a_calendar(desk: Desk) -> None:
    path = "/business-calendars/public-holidays?country=CN&year=2026"

    found = desk.agent.get(path, headers={"Accept-Language": "zh-CN"}).json["items"]

    by_first_day = {row["first_on"]: row for row in found}
    assert by_first_day["2026-10-01"] == {
        "first_on": "2026-10-01",
        "last_on": "2026-10-03",
        "name": "国庆节",
        "as_weekday": None,
    }
    assert by_first_day["2026-10-10"]["as_weekday"] == 1, "a Saturday worked in exchange"
    assert by_first_day["2026-10-10"]["name"] == "调休上班"
    assert [row["first_on"] for row in found] == sorted(by_first_day)
    assert calendar(desk, special_days=found)["special_days"] == found
    english = desk.agent.get(path, headers={"Accept-Language": "en"}).json["items"]
    assert {row["first_on"]: row["name"] for row in english}["2026-10-01"] == "National Day"


@pytest.mark.parametrize("query", ["country=XX&year=2026", "country=CN", "country=CN&year=1850"])
def test_holidays_of_nowhere_are_refused(desk: Desk, query: str) -> None:
    assert desk.agent.get(f"/business-calendars/public-holidays?{query}").status_code == 422


def test_countries_are_named_by_their_code(desk: Desk) -> None:
    found = desk.agent.get("/business-calendars/countries").json["items"]

    assert {"CN", "HK", "SG", "US"} <= set(found)
    assert {len(code) for code in found} == {2}
