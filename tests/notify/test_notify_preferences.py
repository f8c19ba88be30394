"""People choose per topic what they are told, how, and when not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from notify.world import World

from crm_chassis import clock
from crm_notify.deliveries.models import Delivery
from crm_notify.preferences.rules import Choice, after_quiet_hours


def topics(world: World) -> dict[str, dict[str, object]]:
    listed = world.client(world.anna).get("/notification-preferences").json["items"]
    return {item["topic"]: item for item in listed}


def test_every_topic_is_listed_with_what_holds(world: World) -> None:
    found = topics(world)

    assert next(iter(found)) == "all"
    assert found["orders"]["label"] == {"zh": "订单与应收", "en": "Orders and receivables"}
    assert found["orders"]["in_app"] is True
    assert found["orders"]["chosen"] == []
    assert {kind["kind"]: kind["email"] for kind in found["orders"]["kinds"]}["order.confirmed"] is False


def test_a_choice_for_all_topics_holds_until_a_topic_has_its_own(world: World) -> None:
    anna = world.client(world.anna)
    anna.patch("/notification-preferences/all", {"email": True, "timezone": "Europe/Berlin"})
    anna.patch("/notification-preferences/orders", {"email": False})

    found = topics(world)

    assert (found["churn"]["email"], found["churn"]["chosen"]) == (True, [])
    assert (found["orders"]["email"], found["orders"]["chosen"]) == (False, ["email"])
    assert found["orders"]["timezone"] == "Europe/Berlin"


def test_put_replaces_and_patch_changes(world: World) -> None:
    anna = world.client(world.anna)
    anna.patch("/notification-preferences/orders", {"email": True, "in_app": False})
    assert anna.patch("/notification-preferences/orders", {"email": False}).json["in_app"] is False

    put = anna.call("PUT", "/notification-preferences/orders", {"email": True})

    assert (put.json["email"], put.json["in_app"], put.json["chosen"]) == (True, True, ["email"])


@pytest.mark.parametrize(
    "body",
    [{"quiet_start": "25:00"}, {"quiet_end": "7"}, {"timezone": "Mars/Base"}, {"email": "yes"}, {"surprise": 1}],
)
def test_values_that_do_not_fit_are_named(world: World, body: dict[str, object]) -> None:
    answer = world.client(world.anna).patch("/notification-preferences/orders", body)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{next(iter(body))}"


def test_an_unknown_topic_is_not_there(world: World) -> None:
    assert world.client(world.anna).patch("/notification-preferences/nothing", {}).status_code == 404


def test_one_persons_choice_is_not_anothers(world: World) -> None:
    world.client(world.li).patch("/notification-preferences/orders", {"in_app": False})
    world.order()

    assert topics(world)["orders"]["in_app"] is True
    assert world.kinds(world.anna) == ["order.confirmed"]


def test_who_wants_neither_channel_is_not_told(world: World) -> None:
    world.client(world.anna).patch("/notification-preferences/orders", {"in_app": False, "email": False})
    world.order()

    assert world.notes(world.anna) == []
    assert world.rows(Delivery) == []


def test_who_wants_mail_alone_gets_mail_alone(world: World) -> None:
    world.client(world.anna).patch("/notification-preferences/orders", {"in_app": False, "email": True})
    world.order()

    assert world.notes(world.anna) == []
    assert world.client(world.anna).get("/notifications/unread-count").json == {"unread": 0}
    assert [row.recipient for row in world.rows(Delivery)] == ["anna@example.com"]


NIGHT = Choice(quiet_start="22:00", quiet_end="07:00")
NOON = Choice(quiet_start="12:00", quiet_end="14:00", timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("choice", "at", "after"),
    [
        (Choice(), (1, 0), (1, 0)),
        (NIGHT, (13, 59), (13, 59)),  # 21:59 in Shanghai
        (NIGHT, (14, 0), (23, 0)),  # 22:00 → 07:00 of the next day
        (NIGHT, (22, 59), (23, 0)),  # 06:59 → 07:00 of the same day
        (NIGHT, (23, 0), (23, 0)),
        (NOON, (11, 30), (13, 0)),  # 12:30 in Berlin in winter
        (NOON, (13, 0), (13, 0)),
        (Choice(quiet_start="07:00", quiet_end="07:00"), (23, 0), (23, 0)),
        (Choice(quiet_start="07:00"), (23, 30), (23, 30)),
    ],
)
def test_quiet_hours(choice: Choice, at: tuple[int, int], after: tuple[int, int]) -> None:
    found = after_quiet_hours(datetime(2026, 11, 21, *at, tzinfo=UTC), choice, "Asia/Shanghai")

    assert found == datetime(2026, 11, 21, *after, tzinfo=UTC)


def test_quiet_hours_delay_the_mail_and_not_the_notification(world: World) -> None:
    night = {"email": True, "quiet_start": "22:00", "quiet_end": "07:00"}
    world.client(world.anna).patch("/notification-preferences/orders", night)
    with clock.frozen(datetime(2026, 11, 21, 15, 0, tzinfo=UTC)):
        world.order()

        assert world.kinds(world.anna) == ["order.confirmed"]
    assert world.rows(Delivery)[0].next_attempt_at == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
