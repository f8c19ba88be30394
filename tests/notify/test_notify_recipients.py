"""Who hears of what when somebody did it themselves, has left, or stands above those it concerns."""

from __future__ import annotations

from typing import Any

import pytest
from notify.world import APPROVAL, OPPORTUNITY, World, money, record

from crm_chassis.ids import uuid7


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("customer.customer.created", {"name": "Acme", "code": "N1-1", "kind": "company"}),
        ("sales.lead.captured", {"name": "Lead", "company": None, "status": "new"}),
        ("sales.opportunity.created", OPPORTUNITY),
    ],
)
def test_whoever_enters_something_of_their_own_is_told_nothing(
    world: World, event: str, payload: dict[str, Any]
) -> None:
    world.bench.deliver(f"crm.{event}.v1", record(world.team, world.anna, **payload, created_by=world.anna))

    assert world.kinds(world.anna) == []


def test_an_approval_that_times_out_is_told_to_who_is_late_and_to_their_managers_who_learn_about_whom(
    world: World,
) -> None:
    late = {"assignee_ids": [world.li, world.manager], "escalated_to_ids": [world.boss], "requester_id": world.anna}
    payload = record(world.team, world.anna, **APPROVAL) | late

    world.bench.deliver("crm.workflow.approval.timed-out.v1", payload)

    assert world.kinds(world.anna) == ["approval.timed-out"]
    assert world.kinds(world.li) == world.kinds(world.manager) == ["approval.late"]
    (told,) = world.notes(world.boss)
    assert (told["kind"], told["link"]) == ("approval.escalated", f"/approvals/{payload['id']}")
    assert told["body"] == "Remind whoever is to decide: Li, Manager."


def test_an_overdue_receivable_tells_what_is_still_owed(world: World) -> None:
    paid_in_part = {"paid": money("1000.00"), "outstanding": money("234.50"), "amount": money()}
    facts = {"order_id": uuid7(), "customer_id": uuid7(), "due_on": "2026-01-01", "status": "overdue"}

    world.bench.deliver("crm.sales.receivable.overdue.v1", record(world.team, world.anna, **facts, **paid_in_part))

    assert world.notes(world.anna)[0]["body"] == "CNY 234.50 was due on 2026-01-01."


def test_what_concerned_somebody_who_left_goes_to_whoever_stands_above(world: World) -> None:
    gone = world.user("gone", world.team, active=False)

    world.bench.deliver("crm.sales.opportunity.stalled.v1", record(world.team, gone, **OPPORTUNITY))

    assert (world.kinds(gone), world.kinds(world.manager)) == ([], ["opportunity.stalled"])


def test_a_named_manager_who_left_is_passed_over_for_the_manager_of_the_unit(world: World) -> None:
    gone = world.user("gone", world.team, active=False)
    sales = world.user("sales", world.team, manager_id=gone)

    world.bench.deliver("crm.sales.opportunity.won.v1", record(world.team, sales, **OPPORTUNITY, updated_by=sales))

    assert (world.kinds(gone), world.kinds(world.manager)) == ([], ["opportunity.won"])


def test_people_who_left_are_not_told(world: World) -> None:
    gone = world.user("gone", world.team, active=False)
    world.order(owner_id=gone)

    assert world.notes(gone) == []
