"""What is committed arrives once, whichever process dies and whatever the broker loses: real processes and brokers."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from uuid import UUID

import pytest
from celery.beat import Scheduler
from chassis.bus.bus_world import World, empty_queues, eventually, queued
from chassis.bus.ledger_and_mirror import AUDITED, COPIED, AccountCopy
from kombu import Connection
from sqlalchemy import select

from crm_chassis import bus, clock
from crm_chassis.beat import beat_app, ticks_queue_of
from crm_chassis.bus import messages
from crm_chassis.outbox import OutboxRow
from crm_chassis.testing_servers import Server
from crm_contracts.services import SERVICES


def assert_gapless(world: World) -> None:
    """Every committed event has a number and the numbers have no hole."""
    assert [row.pos for row in world.outbox()] == list(range(1, len(world.outbox()) + 1))


def all_published(world: World) -> bool:
    return all(row.published_at for row in world.outbox())


def test_every_committed_event_is_handled_once_and_its_consequence_leaves_with_it(world: World) -> None:
    world.start("relay", "ledger")
    world.start("worker", "mirror")
    expected = world.commit(accounts=10, versions=5)
    eventually(lambda: world.handled_once(expected))
    with world.transaction("mirror") as session:
        assert set(session.scalars(select(AccountCopy.version))) == {5}
        consequences = [row.envelope for row in session.scalars(select(OutboxRow))]
    causes = {event.id: event for event in world.envelopes()}
    assert {each["type"] for each in consequences} == {COPIED}
    assert {each["causationid"] for each in consequences} == set(causes)
    assert all(each["correlationid"] == causes[each["causationid"]].correlationid for each in consequences)
    eventually(lambda: all_published(world))
    assert_gapless(world)


@pytest.mark.fault(4, 5, 6)
@pytest.mark.parametrize("crash_at", ["before_publish:3", "after_confirm:1", "between_pos_and_publish:1"])
def test_a_relay_that_dies_at_any_point_loses_and_doubles_nothing(world: World, crash_at: str) -> None:
    expected = world.commit(accounts=20)
    dying = world.start("relay", "ledger", CRASH_AT=crash_at)
    assert dying.wait(30) == -9
    expected += world.commit(accounts=5)
    world.start("relay", "ledger")
    world.start("worker", "mirror")
    eventually(lambda: world.handled_once(expected))
    eventually(lambda: all_published(world))
    assert_gapless(world)


@pytest.mark.fault(14)
@pytest.mark.parametrize("crash_at", ["in_receive:3", "in_handler:3", "after_commit:3"])
def test_a_worker_that_dies_at_any_point_loses_and_doubles_nothing(world: World, crash_at: str) -> None:
    world.start("relay", "ledger")
    dying = world.start("worker", "mirror", CRASH_AT=crash_at)
    expected = world.commit(accounts=20)
    assert dying.wait(30) == -9
    with world.feed():
        world.start("worker", "mirror")
        eventually(lambda: world.handled_once(expected))
        eventually(lambda: {row.status for row in world.inbox().values()} == {"done"})


@pytest.mark.fault(16)
def test_an_event_that_kills_its_process_ends_dead_and_the_others_are_handled(world: World) -> None:
    world.start("relay", "ledger")
    world.commit(accounts=1, behaviour="die")
    expected = world.commit(accounts=10)
    poison = world.envelopes()[0].id
    with world.feed():
        for hours in itertools.count():  # each restart lives an hour later: the pauses between attempts are over
            assert hours < 12, "the poison goes on for ever"
            worker = world.start("worker", "mirror", CLOCK_OFFSET_S=str(hours * 3600))
            eventually(lambda w=worker, h=hours: w.poll() is not None or rests(world, poison, h))
            row = world.inbox().get(poison)  # a first delivery is not counted: its worker may die before there is a row
            if row is not None and row.status == "dead":
                break
            worker.kill()
        eventually(lambda: world.handled_once(expected))
    assert world.inbox()[poison].attempts == 6
    assert hours >= 3


def rests(world: World, event_id: str, hours: int) -> bool:
    """Whether nothing will happen to the event for a while by the clock of a worker that lives ``hours`` ahead."""
    row = world.inbox().get(event_id)
    now = clock.now() + timedelta(hours=hours)
    return row is not None and (row.next_attempt_at is None or row.next_attempt_at > now + timedelta(seconds=6))


def test_what_the_broker_lost_is_swept_from_the_feed(world: World) -> None:
    expected = world.commit(accounts=450)  # more than two pages
    with world.relay() as relay:
        while not all_published(world):
            relay.step()
    empty_queues(world.broker_url)
    with world.feed():
        world.start("worker", "mirror")
        eventually(lambda: world.handled_once(expected), within_s=60)


@pytest.mark.fault(10)
def test_a_broker_that_was_away_delays_but_loses_nothing(world: World, request: pytest.FixtureRequest) -> None:
    name = "rabbitmq_server" if world.broker_url.startswith("amqp") else "redis_server"
    server: Server = request.getfixturevalue(name)
    world.start("relay", "ledger")
    world.start("worker", "mirror")
    expected = world.commit(accounts=5)
    eventually(lambda: world.handled_once(expected))
    server.kill()
    try:
        expected += world.commit(accounts=5)
        with world.feed():  # the sweeper notices that the broker is away and does its work
            eventually(lambda: world.handled_once(expected), within_s=60)
    finally:
        server.start()
    expected += world.commit(accounts=5)
    eventually(lambda: world.handled_once(expected), within_s=90)  # no feed now: worker and relay came back
    eventually(lambda: all_published(world), within_s=90)


@pytest.mark.fault(7)
def test_of_two_relays_one_leads_and_no_aggregate_is_reordered(world: World) -> None:
    world.start("relay", "ledger")
    world.start("relay", "ledger")
    writers = [threading.Thread(target=world.commit, kwargs={"accounts": 3, "versions": 20}) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    eventually(lambda: all_published(world))
    assert_gapless(world)
    events = queued(world.broker_url, "mirror")
    assert len(events) == len({event.id for event in events}) == 240
    last: dict[str, int] = {}
    for event in events:
        assert event.aggregateversion == last.get(event.subject, 0) + 1
        last[event.subject] = event.aggregateversion


@pytest.mark.fault(17)
def test_a_message_that_is_no_event_stops_nobody(world: World) -> None:
    world.start("relay", "ledger")
    world.start("worker", "mirror")
    expected = world.commit(accounts=3)
    eventually(lambda: world.handled_once(expected))
    with Connection(world.broker_url) as connection:
        producer = connection.Producer()
        queue = {"exchange": "", "routing_key": bus.events_queue("mirror")}
        producer.publish(b"\xff{", content_type="application/json", content_encoding="utf-8", **queue)
        messages.send_task(producer, "no.such.task", "x", [], **queue)
        messages.send_task(producer, bus.EVENT_TASK, "y", [{"specversion": "1.0"}], **queue)
        messages.send_task(producer, bus.EVENT_TASK, "z", [], **queue)
    expected += world.commit(accounts=10)
    eventually(lambda: world.handled_once(expected))


def test_without_any_broker_the_feed_is_the_transport(world_without_broker: World) -> None:
    world = world_without_broker
    world.start("relay", "ledger")
    with world.feed():
        worker = world.start("worker", "mirror")
        expected = world.commit(accounts=10, versions=3)
        eventually(lambda: world.handled_once(expected))
        assert_gapless(world)
        worker.terminate()
        assert worker.wait(20) == 0


def test_an_event_without_a_handler_is_kept_as_ignored(world_without_broker: World) -> None:
    world = world_without_broker
    world.start("relay", "ledger")
    world.start("worker", "mirror")
    world.commit(accounts=1, type=AUDITED)
    with world.feed():
        eventually(lambda: [row.status for row in world.inbox().values()] == ["ignored"])
    assert UUID(world.envelopes()[0].id) in {row.event_id for row in world.inbox().values()}


def test_a_tick_reaches_the_queue_of_each_service(world: World) -> None:
    app = beat_app(world["ledger"].settings)
    scheduler = Scheduler(app=app)
    for entry in scheduler.schedule.values():
        scheduler.apply_entry(entry)
    scheduler.close()
    with Connection(world.broker_url) as connection:
        for service in SERVICES:
            queue = connection.SimpleQueue(ticks_queue_of(world.broker_url, service))
            assert queue.get(timeout=5).headers["task"] == bus.TICK_TASK
            queue.close()
    app.close()
