"""Activities: planned, completed, repeated, late, and in the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client
from crm_customer.activities import rules
from crm_customer.calendar_zones import timezone_lines

from .conftest import Made

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "recurrence", "following"),
    [
        (datetime(2026, 1, 31, 9, tzinfo=UTC), "daily", datetime(2026, 2, 1, 9, tzinfo=UTC)),
        (datetime(2026, 1, 31, 9, tzinfo=UTC), "weekly", datetime(2026, 2, 7, 9, tzinfo=UTC)),
        (datetime(2026, 1, 31, 9, tzinfo=UTC), "monthly", datetime(2026, 2, 28, 9, tzinfo=UTC)),
        (datetime(2026, 12, 15, 9, tzinfo=UTC), "monthly", datetime(2027, 1, 15, 9, tzinfo=UTC)),
        (datetime(2024, 2, 29, 9, tzinfo=UTC), "yearly", datetime(2025, 2, 28, 9, tzinfo=UTC)),
    ],
)
def test_the_next_occurrence(moment: datetime, recurrence: str, following: datetime) -> None:
    assert rules.next_occurrence(moment, recurrence) == following


BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def due(moment: datetime) -> rules.Times:
    return rules.Times(None, moment.astimezone(UTC))


def series(first: datetime, recurrence: str, zone: ZoneInfo, length: int) -> list[datetime]:
    """The occurrences of a series, each planned when the one before is done in time; by the clock of the zone."""
    found = [due(first)]
    for _ in range(length - 1):
        here = found[-1]
        found.append(rules.following(here, recurrence, anchor=first, now=here.first, zone=zone))
    return [times.first.astimezone(zone) for times in found]


def test_missed_occurrences_are_not_made_up_for() -> None:
    for late, steps in ((timedelta(days=10), 2), (timedelta(days=-10), 1)):
        here = due(NOW - late)
        following = rules.following(here, "weekly", anchor=here.first, now=NOW, zone=SHANGHAI)
        assert following.first == here.first + timedelta(weeks=steps)


def test_the_end_of_a_month_stays_the_end_of_the_month() -> None:
    monthly = series(datetime(2026, 1, 31, 9, tzinfo=SHANGHAI), "monthly", SHANGHAI, 5)
    yearly = series(datetime(2024, 2, 29, 9, tzinfo=SHANGHAI), "yearly", SHANGHAI, 5)

    assert [(day.month, day.day) for day in monthly] == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
    assert [day.day for day in yearly] == [29, 28, 28, 28, 29]


def test_a_day_is_counted_where_the_work_is_done_and_not_in_greenwich() -> None:
    """Seven in the morning of the first of March in Shanghai is still February in UTC."""
    days = series(datetime(2026, 3, 1, 7, tzinfo=SHANGHAI), "monthly", SHANGHAI, 3)

    assert [(day.month, day.day, day.hour) for day in days] == [(3, 1, 7), (4, 1, 7), (5, 1, 7)]


def test_nine_oclock_stays_nine_oclock_when_the_clocks_are_changed() -> None:
    weekly = series(datetime(2026, 3, 22, 9, tzinfo=BERLIN), "weekly", BERLIN, 3)
    nightly = series(datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN), "daily", BERLIN, 3)

    assert [day.hour for day in weekly] == [9, 9, 9]
    assert [(day.hour, day.minute) for day in nightly] == [(2, 30), (3, 30), (2, 30)], "there is no half past two"


def test_what_repeats_takes_as_long_each_time_and_never_ends_before_it_starts() -> None:
    starts, ends = (datetime(2026, 1, day, hour, tzinfo=SHANGHAI) for day, hour in ((30, 22), (31, 2)))
    here = rules.Times(starts.astimezone(UTC), ends.astimezone(UTC))

    following = rules.following(here, "monthly", anchor=starts, now=NOW - timedelta(days=365), zone=SHANGHAI)

    assert following.starts_at == datetime(2026, 2, 28, 22, tzinfo=SHANGHAI)
    assert following.due_at == datetime(2026, 3, 1, 2, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("recurrence", "anchor", "rule"),
    [
        ("daily", date(2026, 1, 31), "FREQ=DAILY"),
        ("weekly", date(2026, 1, 31), "FREQ=WEEKLY"),
        ("monthly", date(2026, 1, 15), "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("monthly", date(2026, 1, 28), "FREQ=MONTHLY;BYMONTHDAY=28"),
        ("monthly", date(2026, 1, 31), "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ("monthly", date(2026, 1, 30), "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        ("yearly", date(2026, 1, 31), "FREQ=YEARLY"),
        ("yearly", date(2024, 2, 29), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
    ],
)
def test_a_calendar_is_told_the_rule_that_is_followed_here(recurrence: str, anchor: date, rule: str) -> None:
    first = datetime.combine(anchor, time(9), SHANGHAI)
    told = rrulestr(f"RRULE:{rule}", dtstart=first.replace(tzinfo=None))

    assert rules.recurrence_rule(recurrence, first) == rule
    assert list(islice(told, 30)) == [day.replace(tzinfo=None) for day in series(first, recurrence, SHANGHAI, 30)]


def test_an_activity_is_planned_for_oneself_with_a_number(bench: Bench, seller: Client) -> None:
    planned = seller.post("/activities", {"subject": "打电话", "kind": "call", "due_at": "2026-12-01T02:00:00Z"})

    assert planned.status_code == 201, planned.json
    assert planned.json["number"] == "AC-N1-000001"
    assert (planned.json["status"], planned.json["assignee_id"]) == ("planned", str(seller.principal.user_id))
    assert planned.json["can"] == ["update", "delete", "complete", "cancel"]
    assert bench.events("crm.customer.activity.planned.v1")[0]["data"]["kind"] == "call"


def test_planning_for_others_needs_the_right_to_assign(n1: Client, seller: Client) -> None:
    refused = seller.post("/activities", {"subject": "x", "assignee_id": str(n1.principal.user_id)})
    unknown = n1.post("/activities", {"subject": "x", "assignee_id": str(uuid7())})
    given = n1.post("/activities", {"subject": "x", "assignee_id": str(seller.principal.user_id)})

    assert refused.json["errors"][0]["code"] == "out_of_scope"
    assert unknown.json["errors"][0]["code"] == "unknown"
    assert seller.get(f"/activities/{given.json['id']}").status_code == 200


def test_an_activity_given_to_somebody_else_is_announced_as_that(bench: Bench, n1: Client, seller: Client) -> None:
    me, other = str(n1.principal.user_id), str(seller.principal.user_id)
    path = f"/activities/{n1.post('/activities', {'subject': 'x'}).json['id']}"
    n1.patch(path, {"subject": "y"}, version=1)
    assert bench.events("crm.customer.activity.assigned.v1") == []

    n1.patch(path, {"assignee_id": other}, version=2)

    (told,) = bench.events("crm.customer.activity.assigned.v1")
    assert (told["data"]["assignee_id"], told["data"]["previous_assignee_id"]) == (other, me)
    assert told["actorid"] == me
    assert [event["aggregateversion"] for event in bench.events("crm.customer.activity.changed.v1")] == [2, 3]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"starts_at": "2026-12-02T00:00:00Z", "due_at": "2026-12-01T00:00:00Z"}, "/due_at"),
        ({"recurrence": "daily"}, "/recurrence"),
        ({"customer_id": "0190aaaa-0000-7000-8000-000000000000"}, "/customer_id"),
        ({"contact_id": "0190aaaa-0000-7000-8000-000000000000"}, "/contact_id"),
        ({"about": {"type": "order"}}, "/about/id"),
        ({"status": "done"}, "/status"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(n1: Client, values: dict[str, Any], pointer: str) -> None:
    answer = n1.post("/activities", {"subject": "x", **values})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize(("verb", "body"), [("complete", {"outcome": "x"}), ("cancel", {})])
def test_activity_verbs_refuse_strangers_and_what_is_over(
    bench: Bench, n1: Client, e1: Client, units: dict[str, UUID], verb: str, body: dict[str, Any]
) -> None:
    path = f"/activities/{n1.post('/activities', {'subject': 'x'}).json['id']}"
    reader = bench.client(bench.caller(units["N1"], ["activity:read"]))

    assert bench.client().post(f"{path}/{verb}", body).status_code == 401
    assert e1.post(f"{path}/{verb}", body).status_code == 404
    assert reader.post(f"{path}/{verb}", body).status_code == 403
    assert n1.post(f"{path}/{verb}", body).status_code == 200
    assert n1.post(f"{path}/{verb}", body).status_code == 409
    assert n1.patch(path, {"subject": "y"}, version=2).status_code == 409


def test_a_deletion_is_announced_and_so_is_its_being_taken_back(bench: Bench, n1: Client) -> None:
    path = f"/activities/{n1.post('/activities', {'subject': 'x'}).json['id']}"

    assert n1.delete(path, version=1).status_code == 204
    assert n1.post(f"{path}/restore").status_code == 200

    (gone,) = bench.events("crm.customer.activity.deleted.v1")
    (back,) = bench.events("crm.customer.activity.changed.v1")
    assert (gone["aggregateversion"], back["aggregateversion"]) == (2, 3)
    assert gone["data"]["status"] == back["data"]["status"] == "planned"


def test_a_completed_activity_may_become_an_interaction(bench: Bench, n1: Client, made: Made) -> None:
    customer = made("甲")
    activity = n1.post("/activities", {"subject": "拜访", "kind": "visit", "customer_id": customer["id"]}).json

    done = n1.post(f"/activities/{activity['id']}/complete", {"outcome": "谈妥", "as_interaction": True})

    assert (done.status_code, done.json["status"], done.json["outcome"]) == (200, "done", "谈妥")
    found = n1.get(f"/interactions?customer_id={customer['id']}").json["items"]
    assert [(item["kind"], item["subject"], item["summary"]) for item in found] == [("visit", "拜访", "谈妥")]
    assert len(bench.events("crm.customer.activity.done.v1")) == 1
    alone = n1.post("/activities", {"subject": "x"}).json
    body = {"outcome": "x", "as_interaction": True}
    assert n1.post(f"/activities/{alone['id']}/complete", body).status_code == 409
    assert n1.get(f"/activities/{alone['id']}").json["status"] == "planned"


def test_what_repeats_is_planned_again_when_it_is_done(n1: Client) -> None:
    body = {
        "subject": "周会",
        "starts_at": "2026-11-20T01:00:00Z",
        "due_at": "2026-11-20T02:00:00Z",
        "recurrence": "weekly",
    }
    with clock.frozen(NOW):
        activity = n1.post("/activities", body).json
        n1.post(f"/activities/{activity['id']}/complete", {"outcome": "ok"})

    found = n1.get("/activities?status=planned").json["items"]
    assert [(item["starts_at"], item["due_at"]) for item in found] == [("2026-11-27T01:00:00Z", "2026-11-27T02:00:00Z")]


def test_a_series_of_month_ends_goes_on_from_its_first_day_where_its_assignee_works(
    bench: Bench, n1: Client, units: dict[str, UUID]
) -> None:
    berlin = bench.caller(bench.unit("G1", units["BD"], timezone="Europe/Berlin"), [], username="berlin")
    first = {"subject": "Report", "due_at": "2027-01-30T23:30:00Z", "recurrence": "monthly"}  # the 31st in Berlin
    here = n1.post("/activities", {**first, "assignee_id": str(berlin.user_id)}).json
    found = []
    for _ in range(3):
        n1.post(f"/activities/{here['id']}/complete", {"outcome": "ok"})
        (here,) = n1.get("/activities?status=planned").json["items"]
        found.append(here["due_at"])

    assert found == ["2027-02-27T23:30:00Z", "2027-03-30T22:30:00Z", "2027-04-29T22:30:00Z"]


def test_a_series_keeps_its_day_when_the_hour_is_edited_and_begins_anew_on_another_day(n1: Client) -> None:
    first = {"subject": "Report", "due_at": "2027-01-31T01:00:00Z", "recurrence": "monthly"}
    here = n1.post("/activities", first).json
    found = []
    for edit in (None, "2027-02-28T02:00:00Z", "2027-03-30T02:00:00Z", None):
        if edit:
            assert n1.patch(f"/activities/{here['id']}", {"due_at": edit}, version=1).status_code == 200
        n1.post(f"/activities/{here['id']}/complete", {"outcome": "ok"})
        (here,) = n1.get("/activities?status=planned").json["items"]
        found.append(here["due_at"])

    assert found == ["2027-02-28T01:00:00Z", "2027-03-31T02:00:00Z", "2027-04-30T02:00:00Z", "2027-05-30T02:00:00Z"]


def test_what_repeats_is_in_the_calendar_by_the_clock_on_the_wall(bench: Bench, n1: Client) -> None:
    body = {"subject": "Report", "due_at": "2026-12-31T01:00:00Z", "recurrence": "monthly"}
    with clock.frozen(NOW):
        n1.post("/activities", body)
        n1.post("/activities", {"subject": "Once", "due_at": "2026-12-31T01:00:00Z"})
        feed = bench.client().get(f"/activities.ics?token={n1.get('/activities/feed-token').json['token']}").text

    lines = feed.split("\r\n")
    assert "DTSTART;TZID=Asia/Shanghai:20261231T090000" in lines
    assert "RRULE:FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1" in lines
    assert "DTSTART:20261231T010000Z" in lines
    assert lines.count("BEGIN:VTIMEZONE") == lines.count("TZID:Asia/Shanghai") == 1
    assert lines.index("END:VTIMEZONE") < lines.index("BEGIN:VEVENT")


def test_a_calendar_is_told_when_the_clocks_of_a_zone_are_changed() -> None:
    lines = timezone_lines("Europe/Berlin", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

    assert [line for line in lines if line.startswith("DTSTART")] == [
        "DTSTART:20260101T010000",
        "DTSTART:20260329T020000",
        "DTSTART:20261025T030000",
    ]
    assert [line for line in lines if line.startswith("TZOFFSETTO")] == [
        "TZOFFSETTO:+0100",
        "TZOFFSETTO:+0200",
        "TZOFFSETTO:+0100",
    ]
    assert (lines.count("BEGIN:DAYLIGHT"), lines.count("BEGIN:STANDARD")) == (1, 2)


def test_a_late_activity_is_announced_once_until_it_is_due_anew(bench: Bench, n1: Client) -> None:
    activity = n1.post("/activities", {"subject": "x", "due_at": "2026-11-20T00:00:00Z"}).json
    n1.post("/activities", {"subject": "later", "due_at": "2026-12-20T00:00:00Z"})
    path = f"/activities/{activity['id']}"

    def tick(at: datetime) -> int:
        with clock.frozen(at):
            schedules.run_due(bench.runtime)
        return len(bench.events("crm.customer.activity.overdue.v1"))

    assert tick(NOW) == 1
    assert n1.get(path).json["overdue_at"]
    assert tick(NOW + timedelta(minutes=5)) == 1
    changed = n1.patch(path, {"due_at": "2026-11-22T00:00:00Z"}, version=2)
    assert changed.json["overdue_at"] is None
    assert tick(NOW + timedelta(days=2)) == 2


def test_the_calendar_is_read_with_a_signed_token_alone(bench: Bench, n1: Client, seller: Client) -> None:
    soon = (clock.now() + timedelta(days=1)).isoformat()
    n1.post("/activities", {"subject": "见面, 喝茶", "starts_at": soon, "plan": "带样品\n报价", "recurrence": "weekly"})
    seller.post("/activities", {"subject": "not mine", "starts_at": soon})
    n1.post("/activities", {"subject": "no time"})
    assert bench.client().get("/activities/feed-token").status_code == 401
    outsider = bench.client(bench.caller(n1.principal.unit_id, ["customer:read"]))
    assert outsider.get("/activities/feed-token").status_code == 403
    address = n1.get("/activities/feed-token").json

    feed = bench.client().get(f"/activities.ics?token={address['token']}")

    assert (feed.status_code, feed.mimetype) == (200, "text/calendar")
    assert feed.text.count("BEGIN:VEVENT") == 1
    assert "SUMMARY:见面\\, 喝茶\r\n" in feed.text
    assert "DESCRIPTION:带样品\\n报价\r\n" in feed.text
    assert "RRULE:FREQ=WEEKLY\r\n" in feed.text
    assert all(len(line.encode()) <= 75 for line in feed.text.split("\r\n"))
    assert address["url"].endswith(f"/api/v1/activities.ics?token={address['token']}")
    assert bench.client().get("/activities.ics?token=made-up").status_code == 404
    assert bench.client().get("/activities.ics").status_code == 422


def test_a_calendar_address_is_taken_back(bench: Bench, n1: Client, seller: Client) -> None:
    def status(address: Any) -> int:
        return bench.client().get(f"/activities.ics?token={address['token']}").status_code

    given, another = n1.get("/activities/feed-token").json, seller.get("/activities/feed-token").json
    assert n1.get("/activities/feed-token").json == given

    renewed = n1.post("/activities/feed-token").json

    assert (status(given), status(renewed), status(another)) == (404, 200, 200)
    assert n1.get("/activities/feed-token").json == renewed
    again = n1.post("/activities/feed-token").json
    assert (status(renewed), status(again)) == (404, 200)
