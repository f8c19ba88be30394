"""Reminders are rows: set and taken back by events in any order, fired once whoever ticks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from notify.world import NOW, MailSink, World, activity, deliver, fire, money, record, reminders

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_notify.reminders import actions, rules
from crm_notify.reminders.models import Reminder


def test_an_activity_reminds_a_quarter_of_an_hour_before_it_is_due(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "customer.activity.planned", activity(world, updated_by=world.anna))

    fire(world, NOW + timedelta(minutes=104))
    assert world.kinds(world.anna) == []
    fire(world, NOW + timedelta(minutes=105))
    fire(world, NOW + timedelta(minutes=106))

    (note,) = world.notes(world.anna)
    assert (note["kind"], note["title"], note["body"]) == ("activity.due", "Coming up: Call", "At 2026-11-21 12:00.")


def test_an_activity_with_a_start_reminds_then(world: World) -> None:
    with clock.frozen(NOW):
        starts = (NOW + timedelta(hours=1)).isoformat()
        deliver(world, "customer.activity.planned", activity(world, starts_at=starts))

    assert reminders(world)[0].due_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("fact", ["done", "cancelled"])
def test_what_is_over_reminds_nobody(world: World, fact: str) -> None:
    with clock.frozen(NOW):
        plan = activity(world)
        deliver(world, "customer.activity.planned", plan)
        deliver(world, f"customer.activity.{fact}", plan | {"status": fact}, 2)

    fire(world, NOW + timedelta(days=1))

    assert world.kinds(world.anna) == ["activity.assigned"]
    assert reminders(world) == []


def test_a_deleted_activity_reminds_nobody_until_it_is_restored(world: World) -> None:
    with clock.frozen(NOW):
        plan = activity(world, updated_by=world.anna)
        deliver(world, "customer.activity.planned", plan)
        deliver(world, "customer.activity.deleted", plan, 2)
        assert reminders(world) == []
        deliver(world, "customer.activity.changed", plan, 3)

    fire(world, NOW + timedelta(hours=2))

    assert world.kinds(world.anna) == ["activity.due"]


def test_a_deletion_that_overtakes_the_plan_leaves_no_reminder(world: World) -> None:
    with clock.frozen(NOW):
        plan = activity(world)
        deliver(world, "customer.activity.deleted", plan, 2)
        deliver(world, "customer.activity.planned", plan, 1)

    assert reminders(world) == []


def test_events_in_the_wrong_order_end_the_same(world: World) -> None:
    with clock.frozen(NOW):
        plan = activity(world)
        deliver(world, "customer.activity.done", plan | {"status": "done"}, 3)
        deliver(world, "customer.activity.changed", plan, 2)
        deliver(world, "customer.activity.planned", plan, 1)

    assert reminders(world) == []


def test_an_activity_that_is_moved_reminds_at_its_new_time_only(world: World) -> None:
    with clock.frozen(NOW):
        plan = activity(world)
        deliver(world, "customer.activity.planned", plan)
        later = (NOW + timedelta(days=1)).isoformat()
        deliver(world, "customer.activity.changed", plan | {"due_at": later, "assignee_id": world.li}, 2)
        (waiting,) = reminders(world)
        assert (waiting.due_at, waiting.recipient_ids) == (
            NOW + timedelta(days=1, minutes=-15),
            [world.li],
        )
        deliver(world, "customer.activity.changed", plan, 3)

    (waiting,) = reminders(world)
    assert (waiting.due_at, waiting.recipient_ids) == (NOW + timedelta(minutes=105), [world.anna])


def test_what_lies_in_the_past_when_it_is_heard_of_reminds_nobody(world: World) -> None:
    deliver(world, "customer.activity.planned", activity(world, due_at="2020-01-01T00:00:00+00:00"))

    assert reminders(world) == []


def receivable(world: World, **more: Any) -> dict[str, Any]:
    values = {
        "order_id": uuid7(),
        "customer_id": world.customer("Acme"),
        "due_on": "2026-12-01",
        "amount": money(),
        "status": "open",
    }
    return record(world.team, world.anna, **values) | more


def test_a_receivable_reminds_three_days_before_unless_it_is_paid(world: World) -> None:
    with clock.frozen(NOW):
        first, second = receivable(world), receivable(world)
        deliver(world, "sales.receivable.opened", first)
        deliver(world, "sales.receivable.opened", second)
        deliver(world, "sales.receivable.paid", second | {"status": "paid"}, 2)

    fire(world, datetime(2026, 11, 28, 0, 59, tzinfo=UTC))
    assert world.kinds(world.anna) == []
    fire(world, datetime(2026, 11, 28, 1, 0, tzinfo=UTC))  # 09:00 in Shanghai

    (note,) = world.notes(world.anna)
    assert note["title"] == "Acme is due to pay on 2026-12-01"
    assert note["link"] == f"/receivables/{first['id']}"


def test_a_receivable_that_was_paid_in_part_reminds_of_the_rest(world: World) -> None:
    with clock.frozen(NOW):
        owed = receivable(world)
        deliver(world, "sales.receivable.opened", owed | {"outstanding": money()})
        partly = {"paid": money("1000.00"), "outstanding": money("234.50"), "status": "partly_paid"}
        deliver(world, "sales.receivable.changed", owed | partly, 2)
        deliver(world, "sales.receivable.opened", owed | {"outstanding": money()}, 1)

    fire(world, datetime(2026, 11, 28, 1, 0, tzinfo=UTC))

    assert [note["body"] for note in world.notes(world.anna)] == ["Still to come: CNY 234.50."]


def contact(world: World, birthday: str | None, **more: Any) -> dict[str, Any]:
    values = {"customer_id": world.customer("Acme"), "name": "Mr Wu", "birthday": birthday}
    return record(world.team, world.anna, **values) | more


def test_a_birthday_reminds_in_the_morning_every_year(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "customer.contact.created", contact(world, "1980-11-25"))

    fire(world, datetime(2026, 11, 24, 23, 59, tzinfo=UTC))
    assert world.kinds(world.anna) == []
    fire(world, datetime(2026, 11, 25, 0, 0, tzinfo=UTC))
    fire(world, datetime(2026, 11, 25, 0, 1, tzinfo=UTC))
    assert [note["title"] for note in world.notes(world.anna)] == ["Today is Mr Wu's birthday"]
    assert reminders(world)[0].due_at == datetime(2027, 11, 25, 0, 0, tzinfo=UTC)
    fire(world, datetime(2027, 11, 25, 0, 0, tzinfo=UTC))

    assert len(world.notes(world.anna)) == 2


def test_a_contact_nobody_owns_reminds_the_customers_owner_and_a_removed_birthday_nobody(world: World) -> None:
    with clock.frozen(NOW):
        one, other = contact(world, "1980-11-25", owner_id=None), contact(world, "1980-11-25")
        deliver(world, "customer.contact.created", one)
        deliver(world, "customer.contact.created", other)
        deliver(world, "customer.contact.changed", other | {"birthday": None}, 2)

    fire(world, datetime(2026, 11, 25, 0, 0, tzinfo=UTC))

    assert world.kinds(world.anna) == ["contact.birthday"]


@pytest.mark.parametrize(
    ("born", "now", "due"),
    [
        ("2000-02-29", "2027-01-01T00:00:00+00:00", "2027-02-28"),
        ("2000-02-29", "2028-01-01T00:00:00+00:00", "2028-02-29"),
        ("1980-01-01", "2026-12-31T23:30:00+00:00", "2027-01-01"),
        ("1980-01-01", "2027-01-01T00:00:00+00:00", "2028-01-01"),
    ],
)
def test_birthdays(born: str, now: str, due: str) -> None:
    found = rules.next_birthday(date.fromisoformat(born), "Asia/Shanghai", datetime.fromisoformat(now))

    assert found.at == rules.morning(date.fromisoformat(due), rules.BIRTHDAY_AT, "Asia/Shanghai")


def user(world: World, user_id: UUID, **more: Any) -> dict[str, Any]:
    return {
        "id": user_id, "username": "x", "display_name": "New One", "email": "new@example.com", "mobile": None,
        "unit_id": world.team, "unit_ids": [world.team], "roles": [], "manager_id": None, "locale": "en",
        "active": True, **more,
    }  # fmt: skip


def test_who_does_not_sign_in_for_two_weeks_gets_a_mail_and_the_manager_a_word(world: World, mails: MailSink) -> None:
    newcomer = uuid7()
    with clock.frozen(NOW):
        deliver(world, "gateway.user.created", user(world, newcomer))
    signed_in = NOW + timedelta(days=3)
    with clock.frozen(signed_in):
        deliver(world, "gateway.user.signed-in", {"id": newcomer, "at": signed_in.isoformat()}, 2)
        deliver(world, "gateway.user.signed-in", {"id": newcomer, "at": NOW.isoformat()}, 1)

    fire(world, NOW + timedelta(days=15))
    assert world.kinds(newcomer) == []
    with clock.frozen(signed_in + timedelta(days=14)):
        world.run("reminders")
        world.run("deliveries")

    assert world.kinds(newcomer) == ["user.inactive"]
    assert mails.to("new@example.com")[0]["Subject"] == "You have not signed in for 14 days"
    assert world.notes(world.manager)[0]["title"] == "New One has not signed in for 14 days"


def test_who_left_is_not_expected(world: World) -> None:
    newcomer = uuid7()
    with clock.frozen(NOW):
        deliver(world, "gateway.user.created", user(world, newcomer))
        deliver(world, "gateway.user.deactivated", user(world, newcomer, active=False), 2)

    assert reminders(world) == []


def test_a_handover_moves_reminders(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "customer.activity.planned", activity(world))
        deliver(world, "gateway.user.handed-over", {"id": world.anna, "to_user_id": world.li})

    fire(world, NOW + timedelta(hours=3))

    assert "activity.due" in world.kinds(world.li)
    assert "activity.due" not in world.kinds(world.anna)


def test_two_beats_at_once_remind_once(world: World) -> None:
    with clock.frozen(NOW):
        for number in range(15):
            deliver(
                world, "customer.activity.planned", activity(world, subject=f"Call {number}", updated_by=world.anna)
            )
    later = NOW + timedelta(hours=2)

    def beat(_: int) -> None:
        with clock.frozen(later):
            world.run("reminders")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(beat, range(4)))

    assert sorted(world.kinds(world.anna)) == ["activity.due"] * 15
    assert len(reminders(world, "done")) == 15


def test_two_ticks_of_the_worker_run_the_schedule_once(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "customer.activity.planned", activity(world, updated_by=world.anna))
    with clock.frozen(NOW + timedelta(hours=2)):
        assert "reminders" in schedules.run_due(world.bench.runtime)
        assert "reminders" not in schedules.run_due(world.bench.runtime)

    assert world.kinds(world.anna) == ["activity.due"]


def test_a_deleted_contact_has_no_birthday_until_it_is_restored(world: World) -> None:
    with clock.frozen(NOW):
        person = contact(world, "1980-11-25")
        deliver(world, "customer.contact.created", person)
        deliver(world, "customer.contact.deleted", person, 2)
        assert reminders(world) == []
        deliver(world, "customer.contact.changed", person, 3)

    assert [row.kind for row in reminders(world)] == ["contact.birthday"]


def test_who_dies_with_a_claim_leaves_it_to_the_next_after_the_lease(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "customer.activity.planned", activity(world, updated_by=world.anna))
    later = NOW + timedelta(hours=2)
    with clock.frozen(later), world.bench.system() as session:
        assert len(actions.claim(session, 10)) == 1

    fire(world, later)
    assert world.kinds(world.anna) == []
    fire(world, later + rules.LEASE + timedelta(seconds=1))

    assert world.kinds(world.anna) == ["activity.due"]


def test_one_that_cannot_be_fired_does_not_stop_the_others_and_is_given_up(world: World) -> None:
    with clock.frozen(NOW):
        deliver(world, "customer.contact.created", contact(world, "1980-11-25"))
        deliver(world, "customer.contact.created", contact(world, "1980-11-25", name="Ms Xu"))
    with world.bench.system() as session:
        bad = session.query(Reminder).order_by(Reminder.id).first()
        bad.details = {**bad.details, "customer_id": "nonsense"}
    birthday = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)

    for hours in range(8):
        fire(world, birthday + timedelta(hours=hours))

    assert [note["title"] for note in world.notes(world.anna)] == ["Today is Ms Xu's birthday"]
    (given_up,) = reminders(world, "failed")
    assert "ValueError" in given_up.last_error
