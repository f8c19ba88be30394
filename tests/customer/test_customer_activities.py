"""Activities: planned, completed, repeated, late, and in the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client
from crm_customer.activities import rules

Made = Callable[..., dict[str, Any]]
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


def test_missed_occurrences_are_not_made_up_for() -> None:
    assert rules.steps_until(NOW - timedelta(days=10), "weekly", NOW) == 2
    assert rules.steps_until(NOW + timedelta(days=10), "weekly", NOW) == 1


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
