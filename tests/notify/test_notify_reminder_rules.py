"""How companies set their own times for reminders, and set them anew."""

from __future__ import annotations

from datetime import timedelta

from notify.world import NOW, World, activity, deliver, reminders
from werkzeug.test import TestResponse

from crm_chassis import clock
from crm_chassis.testing import everything_of
from crm_notify.reminders.models import Reminder


def test_a_company_sets_its_own_times_and_inherits_the_rest(world: World) -> None:
    admin = world.client(world.boss, everything_of("notify"), world.n1)
    made = admin.post("/reminder-rules", {"kind": "activity.due", "minutes": 60})
    assert made.status_code == 201, made.json
    assert admin.post("/reminder-rules", {"kind": "activity.due", "minutes": 5}).status_code == 409
    assert admin.post("/reminder-rules", {"kind": "nonsense", "minutes": 5}).status_code == 422

    with clock.frozen(NOW):
        deliver(world, "customer.activity.planned", activity(world))
        deliver(world, "customer.activity.planned", activity(world, unit_id=world.e1))

    assert sorted(row.due_at for row in reminders(world)) == [
        NOW + timedelta(minutes=60),
        NOW + timedelta(minutes=105),
    ]
    admin.patch(f"/reminder-rules/{made.json['id']}", {"active": False}, version=1)
    with clock.frozen(NOW):
        deliver(world, "customer.activity.planned", activity(world))
    assert len(reminders(world)) == 2


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
        deliver(world, "customer.activity.planned", activity(world))
    assert [row.due_at for row in world.rows(Reminder)] == [NOW + timedelta(minutes=115)]
