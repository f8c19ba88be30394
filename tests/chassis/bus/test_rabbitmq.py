"""What only RabbitMQ can do to the relay: no queue, a full queue. Nothing is marked published that is not in a queue."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from chassis.bus.bus_world import World, eventually, new_world, queued
from chassis.bus.ledger_and_mirror import AUDITED
from faults.proxy import Proxy
from kombu import Connection

from crm_chassis.bus import events_queue
from crm_chassis.bus.amqp import dead_queue_of, events_queue_of
from crm_chassis.testing_servers import Server
from crm_contracts.subscriptions import PATTERNS

pytestmark = pytest.mark.servers

FEW, BACKLOG = 5, 20
"""Events that travel one by one, and events of one type that share a message."""


@pytest.fixture
def world(rabbitmq_server: Server) -> Iterator[World]:
    """Ledger and mirror on RabbitMQ."""
    with new_world(rabbitmq_server.url) as made:
        yield made


@pytest.mark.fault(17)
def test_unreadable_messages_end_in_the_dead_letter_queue(world: World) -> None:
    world.start("worker", "mirror")
    with Connection(world.broker_url) as connection:
        connection.Producer().publish(
            {}, exchange="", routing_key=events_queue("mirror"), headers={"task": "no.such.task", "id": "x"}
        )
        dead = dead_queue_of("mirror")(connection.default_channel)
        eventually(lambda: dead.queue_declare(passive=True).message_count == 1)
        dead.purge()


def test_a_backlog_travels_as_one_message_for_each_type_and_a_few_events_alone(world: World) -> None:
    world.commit(accounts=3, type=AUDITED)
    world.commit(accounts=25)
    with world.relay() as relay:
        assert relay.step() == 28
    with Connection(world.broker_url) as connection:
        waiting = events_queue_of("mirror")(connection.default_channel)
        assert eventually(lambda: waiting.queue_declare(passive=True).message_count) == 4
    events = queued(world.broker_url, "mirror")
    assert [event.id for event in events] == [event.id for event in world.envelopes()]


@pytest.mark.fault(8)
@pytest.mark.parametrize("accounts", [FEW, BACKLOG])
def test_a_full_queue_refuses_and_what_it_refused_stays_unpublished(
    world: World, rabbitmq_server: Server, accounts: int
) -> None:
    limit(rabbitmq_server, 5)
    try:
        with world.relay() as relay:
            for _ in range(30):  # a quorum queue notices its limit a little late
                world.commit(accounts=accounts)
                if relay.step() < accounts:
                    break
        missed = [row for row in world.outbox() if row.published_at is None]
        assert missed
        assert all(row.attempts == 1 and "full" in str(row.last_error) for row in missed)
        marked = {str(row.event_id) for row in world.outbox() if row.published_at}
        assert marked <= {event.id for event in queued(world.broker_url, "mirror")}
    finally:
        limit(rabbitmq_server, None)


def limit(server: Server, messages: int | None) -> None:
    """Give the mirror's queue a limit from outside, or take it away."""
    program = server.command[0].replace("rabbitmq-server", "rabbitmqctl")
    policy = ["set_policy", "small", "^crm.mirror.events$", f'{{"max-length": {messages}}}', "--apply-to", "queues"]
    arguments = policy if messages else ["clear_policy", "small"]
    subprocess.run([program, *arguments], env=server.environment, check=True, capture_output=True)


@pytest.mark.fault(9)
@pytest.mark.parametrize("accounts", [FEW, BACKLOG])
def test_without_a_queue_nothing_is_marked_and_all_of_it_comes_after_redeclaring(world: World, accounts: int) -> None:
    with world.relay() as relay:
        world.commit(accounts=1)
        assert relay.step() == 1
        delete_events_queues(world.broker_url)
        world.commit(accounts=accounts)
        assert relay.step() == 0
        waiting = world.outbox()[1:]
        assert all(row.published_at is None and "no queue takes" in row.last_error for row in waiting)
        eventually(lambda: relay.step() == accounts, within_s=10)  # the next connection declares the queues again
    assert len(queued(world.broker_url, "mirror")) == accounts


def delete_events_queues(broker_url: str) -> None:
    with Connection(broker_url) as connection:
        for service in PATTERNS:
            connection.default_channel.queue_delete(events_queue(service))


@pytest.mark.fault(8)
def test_a_connection_that_went_dead_unnoticed_is_given_up_for_a_new_one(rabbitmq_server: Server) -> None:
    broker = urlsplit(rabbitmq_server.url)
    link = Proxy(str(broker.hostname), int(broker.port or 0))
    address = broker._replace(netloc=broker.netloc.replace(f":{broker.port}", f":{link.port}")).geturl()
    try:
        with new_world(address) as world, world.relay() as relay:
            world.commit(accounts=1)
            assert relay.step() == 1
            link.forget()
            world.commit(accounts=3)
            assert relay.step() == 0
            assert all(row.published_at is None for row in world.outbox()[1:])
            eventually(lambda: relay.step() == 3, within_s=20)
            assert len(queued(world.broker_url, "mirror")) == 4
    finally:
        link.close()
