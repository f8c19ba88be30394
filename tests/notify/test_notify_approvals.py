"""An approval reminds each of those it waits for once, a day after they were asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from notify.world import World

from crm_chassis import clock
from crm_chassis.ids import uuid7

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def approval(world: World, **more: Any) -> dict[str, Any]:
    values = {
        "subject_type": "claim",
        "subject_id": uuid7(),
        "title": "Claim 7",
        "requester_id": world.anna,
        "round": 1,
        "status": "running",
        "assignee_ids": [world.manager, world.boss],
        "due_at": None,
    }
    return {"id": uuid7(), "unit_id": world.team, **values, **more}


def deliver(world: World, event: str, payload: dict[str, Any], version: int = 1) -> None:
    world.bench.deliver(f"crm.{event}.v1", payload, version=version)


def fire(world: World, at: datetime) -> None:
    with clock.frozen(at):
        world.run("reminders")


def test_who_is_asked_later_is_reminded_later_and_who_was_asked_before_in_their_own_time(world: World) -> None:
    with clock.frozen(NOW):
        first = approval(world, assignee_ids=[world.manager], waiting_ids=[world.manager])
        deliver(world, "workflow.approval.assigned", first)
    later = first | {"assignee_ids": [world.boss], "waiting_ids": [world.manager, world.boss]}
    with clock.frozen(NOW + timedelta(hours=20)):
        deliver(world, "workflow.approval.assigned", later, 2)

    fire(world, NOW + timedelta(hours=24))
    assert world.kinds(world.manager) == ["approval.assigned", "approval.waiting"]
    assert world.kinds(world.boss) == ["approval.assigned"]
    fire(world, NOW + timedelta(hours=44))

    assert world.kinds(world.manager) == world.kinds(world.boss) == ["approval.assigned", "approval.waiting"]


def test_an_approval_whose_events_overtake_each_other_reminds_who_still_waits(world: World) -> None:
    both = [world.manager, world.boss]
    with clock.frozen(NOW):
        asked = approval(world, waiting_ids=both)
        deliver(world, "workflow.approval.changed", asked | {"waiting_ids": [world.boss]}, 2)
        deliver(world, "workflow.approval.assigned", asked, 1)

    fire(world, NOW + timedelta(hours=24))

    assert "approval.waiting" in world.kinds(world.boss)
    assert "approval.waiting" not in world.kinds(world.manager)
