"""An approval reminds each of those it waits for once, a day after they were asked."""

from __future__ import annotations

from datetime import timedelta

from notify.world import NOW, World, approval, deliver, fire

from crm_chassis import clock


def test_an_approval_that_waits_a_day_reminds_everybody_who_is_asked(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "workflow.approval.assigned", approval(world))

    fire(world, NOW + timedelta(hours=23, minutes=59))
    assert world.kinds(world.boss) == ["approval.assigned"]
    fire(world, NOW + timedelta(hours=24))

    assert world.kinds(world.boss) == world.kinds(world.manager) == ["approval.assigned", "approval.waiting"]


def test_who_has_decided_is_reminded_no_more_and_the_others_in_time(world: World) -> None:
    with clock.frozen(NOW):
        asked = approval(world, assignee_ids=[world.boss], waiting_ids=[world.manager, world.boss, world.anna])
        deliver(world, "workflow.approval.assigned", asked)
    with clock.frozen(NOW + timedelta(hours=20)):
        deliver(world, "workflow.approval.changed", asked | {"waiting_ids": [world.manager, world.boss]}, 2)

    fire(world, NOW + timedelta(hours=24))

    assert world.kinds(world.boss) == ["approval.assigned", "approval.waiting"]
    assert world.kinds(world.manager) == ["approval.waiting"]
    assert world.kinds(world.anna) == []


def test_a_decided_approval_reminds_nobody(world: World) -> None:
    with clock.frozen(NOW):
        asked = approval(world)
        deliver(world, "workflow.approval.assigned", asked)
        decided = {"status": "approved", "comment": None, "decided_by": world.boss}
        deliver(world, "workflow.approval.decided", asked | decided, 2)

    fire(world, NOW + timedelta(days=2))

    assert world.kinds(world.boss) == ["approval.assigned"]
    assert world.kinds(world.anna) == ["approval.decided"]


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
