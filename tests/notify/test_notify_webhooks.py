"""Webhooks: signed, in order, only what their unit reaches, tried again, and switched off after days."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import Mock

import pytest
from notify.world import WebSink, World, call_due, hook, record
from standardwebhooks import Webhook as Verifier

from crm_chassis import clock, inbox
from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.testing import Client, everything_of
from crm_notify.webhooks import actions, rules
from crm_notify.webhooks.models import Call

pytestmark = pytest.mark.usefixtures("loopback_allowed")


def numbers(receiver: WebSink) -> list[str]:
    return [json.loads(body)["data"]["number"] for _, body in receiver.calls]


def test_an_event_is_sent_signed_with_its_id(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    order = world.order()

    call_due(world)

    ((headers, body),) = receiver.calls
    document = Verifier(made["secret"]).verify(body, headers)
    assert document["type"] == "crm.sales.order.confirmed.v1"
    assert document["data"]["id"] == str(order["id"])
    assert headers["webhook-id"] == document["id"]
    (listed,) = admin.get(f"/webhooks/{made['id']}/deliveries").json["items"]
    assert (listed["status"], listed["response_status"], listed["attempts"]) == ("sent", 200, 1)
    call_due(world)
    assert len(receiver.calls) == 1


def test_only_events_that_were_asked_for_and_that_the_unit_reaches(
    world: World, admin: Client, receiver: WebSink
) -> None:
    hook(admin, receiver.url)
    world.order(unit_id=world.n1, number="at the unit")
    world.order(unit_id=world.team, number="below it")
    world.order(unit_id=world.e1, number="beside it")
    world.order(unit_id=world.group, number="above it")
    world.bench.deliver("crm.sales.lead.captured.v1", record(world.n1, None, name="L", company=None, status="new"))
    world.bench.deliver("crm.sales.product.changed.v1", {"id": uuid7(), "code": "P", "name": "of no unit"})

    call_due(world)

    assert numbers(receiver) == ["at the unit", "below it"]


def test_a_webhook_of_the_group_hears_of_what_belongs_to_no_unit(world: World, receiver: WebSink) -> None:
    group = world.client(world.boss, everything_of("notify"), world.group)
    hook(group, receiver.url, "crm.#")
    world.bench.deliver("crm.sales.product.changed.v1", {"id": uuid7(), "code": "P", "name": "of no unit"})

    call_due(world)

    assert [json.loads(body)["data"]["name"] for _, body in receiver.calls] == ["of no unit"]


def test_a_failure_holds_back_those_behind_it_and_order_is_kept(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    for number in "abc":
        world.order(number=number)
    receiver.status = 503
    call_due(world)
    assert numbers(receiver) == ["a"]
    receiver.status = 200

    call_due(world)
    assert numbers(receiver) == ["a"]  # it rests
    call_due(world, timedelta(seconds=6))

    assert numbers(receiver) == ["a", "a", "b", "c"]
    ids = [headers["webhook-id"] for headers, _ in receiver.calls]
    assert ids[0] == ids[1]
    assert admin.get(f"/webhooks/{made['id']}").json["failing_since"] is None


def test_one_failing_webhook_does_not_hold_up_another(world: World, admin: Client, receiver: WebSink) -> None:
    hook(admin, "http://127.0.0.1:9/closed")
    hook(admin, receiver.url)
    world.order()

    call_due(world)

    assert len(receiver.calls) == 1


def test_an_event_that_the_receiver_keeps_refusing_is_given_up(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    world.order(number="bad")
    world.order(number="good")
    receiver.status = 422
    for minutes in (0, 1, 10, 30, 90):
        call_due(world, timedelta(minutes=minutes))
    receiver.status = 200
    call_due(world, timedelta(hours=6))

    assert numbers(receiver) == ["bad"] * 5 + ["good"]
    failed = admin.get(f"/webhooks/{made['id']}/deliveries?status=failed").json["items"]
    assert [(call["attempts"], call["response_status"], call["last_error"]) for call in failed] == [(5, 422, "422: ok")]


def test_after_days_of_failure_it_is_switched_off_and_the_owner_hears(
    world: World, admin: Client, receiver: WebSink
) -> None:
    made = hook(admin, receiver.url)
    world.order(number="a")
    receiver.status = 500
    call_due(world)
    call_due(world, timedelta(days=2))
    assert admin.get(f"/webhooks/{made['id']}").json["active"] is True

    call_due(world, timedelta(days=3, hours=1))

    off = admin.get(f"/webhooks/{made['id']}").json
    assert off["active"] is False
    assert off["disabled_reason"].startswith("It has failed for 3 days: 500")
    (event,) = world.bench.events("crm.notify.webhook.disabled.v1")
    assert (event["data"]["url"], event["data"]["owner_id"]) == (receiver.url, str(world.boss))
    world.order(number="not queued")
    receiver.status = 200
    admin.patch(f"/webhooks/{made['id']}", {"active": True}, version=off["version"])
    call_due(world, timedelta(days=4))
    assert numbers(receiver)[-1] == "a"


def test_gone_switches_it_off_at_once(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    world.order()
    receiver.status = 410

    call_due(world)

    assert admin.get(f"/webhooks/{made['id']}").json["active"] is False


def test_a_test_event_can_be_sent_and_any_delivery_made_again(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    base = f"/webhooks/{made['id']}"
    tested = admin.post(f"{base}/test")
    assert (tested.status_code, tested.json["status"]) == (202, "pending")
    assert admin.post(f"{base}/deliveries/{tested.json['id']}/replay").status_code == 409
    world.order(number="next")
    call_due(world)

    replayed = admin.post(f"{base}/deliveries/{tested.json['id']}/replay")
    call_due(world)

    assert replayed.status_code == 202
    types = [json.loads(body)["type"].split(".")[2] for _, body in receiver.calls]
    assert types == ["webhook", "order", "webhook"]
    assert receiver.calls[0][0]["webhook-id"] == receiver.calls[2][0]["webhook-id"]
    assert admin.post(f"{base}/deliveries/{uuid7()}/replay").status_code == 404


def test_deliveries_come_in_pages(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    for number in range(5):
        world.order(number=str(number))

    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = admin.get(f"/webhooks/{made['id']}/deliveries?limit=2{cursor}").json
        seen += [item["envelope"]["data"]["number"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None

    assert seen == ["4", "3", "2", "1", "0"]


def test_a_cursor_of_deliveries_belongs_to_its_list(world: World, admin: Client, receiver: WebSink) -> None:
    made, other = hook(admin, receiver.url), hook(admin, receiver.url)
    for number in range(2):
        world.order(number=str(number))
    base = f"/webhooks/{made['id']}/deliveries"
    cursor = admin.get(f"{base}?limit=1").json["next_cursor"]

    for question in (
        f"{base}?cursor=2",
        f"{base}?cursor={cursor[:-1]}",
        f"{base}?status=pending&cursor={cursor}",
        f"/webhooks/{other['id']}/deliveries?cursor={cursor}",
    ):
        refused = admin.get(question)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "?cursor"), question
    assert [item["envelope"]["data"]["number"] for item in admin.get(f"{base}?cursor={cursor}").json["items"]] == ["0"]


def test_two_workers_call_each_once_and_in_order(world: World, admin: Client, receiver: WebSink) -> None:
    hook(admin, receiver.url)
    for number in range(12):
        world.order(number=str(number))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: world.run("webhooks"), range(2)))

    assert numbers(receiver) == [str(number) for number in range(12)]


def test_many_calls_are_made_in_order_and_none_after_the_webhook_was_switched_off(
    world: World, admin: Client, receiver: WebSink
) -> None:
    made = hook(admin, receiver.url)
    for number in range(50):
        world.order(number=f"SO-{number}")

    def switch_off() -> None:
        if len(receiver.calls) == 23:
            assert admin.patch(f"/webhooks/{made['id']}", {"active": False}, version=1).status_code == 200

    receiver.meanwhile = switch_off
    call_due(world)
    assert len(receiver.calls) == 23
    admin.patch(f"/webhooks/{made['id']}", {"active": True}, version=2)
    call_due(world)

    assert numbers(receiver) == [f"SO-{number}" for number in range(50)]


def test_a_worker_that_dies_leaves_the_rest_to_the_next_after_its_lease(
    world: World, admin: Client, receiver: WebSink
) -> None:
    hook(admin, receiver.url)
    world.order()
    with world.bench.system() as session:
        assert actions.claim(session) is not None

    call_due(world)
    assert receiver.calls == []
    call_due(world, rules.LEASE + timedelta(seconds=1))

    assert len(receiver.calls) == 1


def test_trouble_after_a_call_leaves_the_webhook_to_the_next_at_once(
    world: World, admin: Client, receiver: WebSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(admin, receiver.url)
    world.order(number="noted the second time")
    with monkeypatch.context() as patch:
        patch.setattr(actions, "sent", Mock(side_effect=ConnectionError))
        with pytest.raises(ConnectionError):
            call_due(world)

    call_due(world)
    assert numbers(receiver) == ["noted the second time"] * 2


def test_replayed_events_stay_in_the_house(world: World, admin: Client, receiver: WebSink) -> None:
    hook(admin, receiver.url)
    world.order()
    with world.bench.system() as session:
        session.execute(Call.__table__.delete())
        session.execute(inbox.InboxRow.__table__.update().values(pos=1))
        inbox.replay_from(session, "sales", 1)
    inbox.retry_due(world.bench.runtime)

    assert world.rows(Call) == []


def test_patterns_that_match_nothing_are_refused(admin: Client, receiver: WebSink) -> None:
    for events in (["crm.nothing.#"], []):
        answer = admin.post("/webhooks", {"url": receiver.url, "events": events})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/events"


def test_other_companies_neither_see_nor_touch_it(world: World, admin: Client, receiver: WebSink) -> None:
    made = hook(admin, receiver.url)
    grants = {f"webhook:{a}": Grant(subtrees=frozenset({world.e1})) for a in ("read", "create", "update", "delete")}
    other = world.client(uuid7(), grants, world.e1)

    assert other.get("/webhooks").json["items"] == []
    assert other.get(f"/webhooks/{made['id']}/deliveries").status_code == 404
    assert other.post(f"/webhooks/{made['id']}/test").status_code == 404
    assert other.post(f"/webhooks/{made['id']}/rotate-secret").status_code == 404
    reader = world.client(uuid7(), {**grants, "webhook:read": Grant(everything=True)}, world.e1)
    assert reader.post(f"/webhooks/{made['id']}/test").status_code == 403


def test_old_calls_are_forgotten_and_waiting_ones_are_not(world: World, admin: Client, receiver: WebSink) -> None:
    hook(admin, receiver.url)
    world.order(number="sent")
    call_due(world)
    world.order(number="waiting")

    with clock.frozen(clock.now() + timedelta(days=31)):
        world.run("webhooks.retention")

    assert [call.envelope["data"]["number"] for call in world.rows(Call)] == ["waiting"]
