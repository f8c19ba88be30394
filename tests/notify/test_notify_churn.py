"""A churn alert reaches the owner at once, says why, and climbs when nobody acts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from notify.world import NOW, MailSink, World, fire

from crm_chassis import clock
from crm_chassis.ids import uuid7

DAY = timedelta(days=1)


def warn(world: World, at: datetime = NOW, **more: Any) -> dict[str, Any]:
    with clock.frozen(at):
        case = world.churn(**more)
        world.bench.deliver("crm.customer.churn-case.warned.v1", case)
    return case


def settle(world: World, case: dict[str, Any], fact: str, version: int = 2) -> None:
    with clock.frozen(NOW):
        world.bench.deliver(f"crm.customer.churn-case.{fact}.v1", case | {"status": fact}, version=version)


def test_the_owner_is_told_at_once_and_why(world: World) -> None:
    case = warn(world)

    (note,) = world.notes(world.anna)

    assert note["title"] == "You may be losing Acme"
    assert note["body"] == "Why: no order for 6 months. Take measures, or confirm the loss."
    assert note["link"] == f"/churn-cases/{case['id']}"


@pytest.mark.parametrize(
    ("reasons", "zh"),
    [
        ([{"code": "a", "zh": "6个月没有订单", "en": "no order"}], "6个月没有订单"),
        ([{"code": "a", "label": {"zh": "沉默", "en": "silent"}}, {"label": ["少", "few"]}], "沉默；少"),
        (["plain"], "plain"),
        ([{"code": "no_order"}], "no order"),
        ([], "-"),
    ],
)
def test_reasons_are_in_the_readers_language_in_whatever_form_they_come(
    world: World, reasons: list[Any], zh: str
) -> None:
    warn(world, owner_id=world.li, reasons=reasons)

    assert world.notes(world.li)[0]["body"] == f"原因：{zh}。请采取措施，或确认流失。"


def test_a_week_without_action_tells_the_manager_then_the_companys(world: World) -> None:
    warn(world)

    fire(world, NOW + 7 * DAY - timedelta(seconds=1))
    assert world.kinds(world.manager) == []
    fire(world, NOW + 7 * DAY)
    fire(world, NOW + 7 * DAY)
    assert world.kinds(world.manager) == ["churn-case.escalated"]
    assert world.kinds(world.boss) == []
    fire(world, NOW + 14 * DAY)
    fire(world, NOW + 30 * DAY)

    assert world.kinds(world.manager) == world.kinds(world.boss) == ["churn-case.escalated"]
    note = world.notes(world.boss)[0]
    assert note["title"] == "Nobody has acted on the churn alert about Acme"
    assert note["body"].startswith("Owner: Anna. Warned at 2026-11-21 10:00. Why: no order for 6 months.")


@pytest.mark.parametrize("fact", ["reprieved", "lost", "recovered"])
def test_a_case_that_was_acted_on_does_not_climb(world: World, fact: str) -> None:
    case = warn(world)
    settle(world, case, fact)

    fire(world, NOW + 30 * DAY)

    assert world.kinds(world.manager) == []


def test_a_case_that_went_with_its_customer_does_not_climb_until_it_comes_back(world: World) -> None:
    case = warn(world)
    world.bench.deliver("crm.customer.churn-case.deleted.v1", case, version=2)
    fire(world, NOW + 30 * DAY)
    assert world.kinds(world.manager) == []

    world.bench.deliver("crm.customer.churn-case.changed.v1", case, version=3)
    fire(world, NOW + 31 * DAY)

    assert world.kinds(world.manager) == ["churn-case.escalated"]


def test_acting_after_the_first_escalation_stops_the_second(world: World) -> None:
    case = warn(world)
    fire(world, NOW + 7 * DAY)
    settle(world, case, "reprieved")

    fire(world, NOW + 30 * DAY)

    assert world.kinds(world.manager) == ["churn-case.escalated"]
    assert world.kinds(world.boss) == []


def give(world: World, case: dict[str, Any], at: datetime, **to: Any) -> None:
    with clock.frozen(at):
        world.bench.deliver("crm.customer.churn-case.changed.v1", case | to, version=2)


def test_a_case_that_changed_hands_climbs_to_the_new_owners_manager_at_the_same_time(world: World) -> None:
    chief = world.user("chief", world.e1)
    kim = world.user("kim", world.e1, manager_id=chief)
    case = warn(world)

    give(world, case, NOW + 3 * DAY, owner_id=kim, unit_id=world.e1)
    fire(world, NOW + 7 * DAY - timedelta(seconds=1))
    assert world.kinds(chief) == []
    fire(world, NOW + 7 * DAY)

    assert world.kinds(chief) == ["churn-case.escalated"]
    assert world.notes(chief)[0]["body"].startswith("Owner: Kim.")
    assert world.kinds(world.manager) == world.kinds(world.boss) == []


def test_a_case_that_changed_hands_after_it_climbed_climbs_on_in_the_new_company(world: World) -> None:
    chief, kim = world.user("chief", world.e1), world.user("kim", world.e1)
    world.head(world.e1, chief)
    case = warn(world)
    fire(world, NOW + 7 * DAY)

    give(world, case, NOW + 8 * DAY, owner_id=kim, unit_id=world.e1)
    fire(world, NOW + 14 * DAY - timedelta(seconds=1))
    assert world.kinds(chief) == []
    fire(world, NOW + 14 * DAY)
    fire(world, NOW + 30 * DAY)

    assert world.kinds(chief) == ["churn-case.escalated"]
    assert world.notes(chief)[0]["body"].startswith("Owner: Kim.")
    assert (world.kinds(world.manager), world.kinds(world.boss)) == (["churn-case.escalated"], [])


def test_a_change_that_overtakes_the_alert_sets_the_reminder_and_the_alert_leaves_it(world: World) -> None:
    case = world.churn(warned_at=NOW.isoformat())
    give(world, case, NOW, owner_id=world.li)
    with clock.frozen(NOW):
        world.bench.deliver("crm.customer.churn-case.warned.v1", case, version=1)

    fire(world, NOW + 7 * DAY)

    assert world.notes(world.manager)[0]["body"].startswith("Owner: Li.")


def test_an_answer_that_overtakes_the_alert_still_stops_it(world: World) -> None:
    case = world.churn()
    settle(world, case, "recovered", version=2)
    with clock.frozen(NOW):
        world.bench.deliver("crm.customer.churn-case.warned.v1", case, version=1)

    fire(world, NOW + 30 * DAY)

    assert world.kinds(world.manager) == []


def test_a_case_nobody_owns_goes_to_the_manager_at_once(world: World) -> None:
    warn(world, owner_id=None)

    assert world.kinds(world.manager) == ["churn-case.warned"]


def test_a_manager_is_not_told_about_themselves(world: World) -> None:
    warn(world, owner_id=world.boss, unit_id=world.n1)

    fire(world, NOW + 30 * DAY)

    assert world.kinds(world.boss) == ["churn-case.warned"]


def test_a_first_load_of_many_cases_makes_twenty_mails_and_a_digest(world: World, mails: MailSink) -> None:
    for number in range(200):
        warn(world, customer_name=f"Customer {number}", id=uuid7())
    assert len(world.notes(world.anna)) == 21
    with clock.frozen(NOW + timedelta(minutes=11)):
        for _ in range(3):
            world.run("deliveries")

    assert len(mails.to("anna@example.com")) == 21
    digest = world.notes(world.anna)[-1]
    assert (digest["title"], digest["count"]) == ("180 more: Churn alert", 180)

    fire(world, NOW + 7 * DAY)

    escalated = world.notes(world.manager)
    assert len(escalated) == 21
    assert escalated[-1]["count"] == 180
