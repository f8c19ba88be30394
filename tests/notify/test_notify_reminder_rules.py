"""How companies set their own times for reminders, and set them anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from notify.world import World, record
from werkzeug.test import TestResponse

from crm_chassis import clock
from crm_chassis.testing import everything_of
from crm_notify.reminders.models import Reminder

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def plan(world: World, due_at: datetime) -> None:
    values = {"subject": "Call", "kind": "call", "status": "planned", "customer_id": None, "assignee_id": world.anna}
    activity = record(world.team, world.anna, **values, due_at=due_at.isoformat())
    world.bench.deliver("crm.customer.activity.planned.v1", activity)


def test_a_rule_that_was_deleted_leaves_its_place_to_a_new_one(world: World) -> None:
    admin = world.client(world.boss, everything_of("notify"), world.n1)

    def set_rule(minutes: int) -> TestResponse:
        return admin.post("/reminder-rules", {"kind": "activity.due", "minutes": minutes})

    first = set_rule(60).json
    for minutes in (30, 5):
        path, version = f"/reminder-rules/{first['id']}", first["version"]
        assert admin.delete(path, version=version).status_code == 204
        made = set_rule(minutes)
        assert made.status_code == 201, made.json
        first, before = made.json, first

    refused = set_rule(10)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/kind")
    assert admin.post(f"/reminder-rules/{before['id']}/restore").status_code == 409, "two rules would hold"
    with clock.frozen(NOW):
        plan(world, NOW + timedelta(hours=2))
    assert [row.due_at for row in world.rows(Reminder)] == [NOW + timedelta(minutes=115)]
