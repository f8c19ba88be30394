"""What bounds a relay: a Redis whose queue is full, a RabbitMQ that confirms more slowly than it should."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from chassis.bus.bus_world import World, new_world, queued

from crm_chassis.bus import amqp, events_queue
from crm_chassis.bus.redis import RedisBus
from crm_chassis.inbox import retry_due
from crm_chassis.relay import Relay
from crm_chassis.settings import Settings
from crm_chassis.sweeper import Sweeper
from crm_chassis.testing_servers import Server


@pytest.fixture
def world(redis_server: Server) -> Iterator[World]:
    """Ledger and mirror on a Redis."""
    with new_world(redis_server.url) as made:
        yield made


def test_a_full_queue_of_redis_is_passed_over_and_its_service_sweeps_what_it_missed(world: World) -> None:
    bus = RedisBus(world.broker_url, queue_bytes_max=20_000)
    relay = Relay(world["ledger"], bus)
    for _ in range(60):
        world.commit(accounts=1, note="x" * 500)
        assert relay.step() == 1, "nobody else is held up"
    bus.close()
    with redis.Redis.from_url(world.broker_url) as client:
        assert client.memory_usage(events_queue("mirror")) < 30_000
    assert all(row.published_at for row in world.outbox())

    with world.feed():
        sweeper = Sweeper(world["mirror"])
        assert sweeper.sweep() == 60
        while retry_due(world["mirror"]):
            pass
    assert world.handled_once(60)


def test_a_queue_of_redis_that_was_emptied_is_served_again(world: World) -> None:
    bus = RedisBus(world.broker_url, queue_bytes_max=1)
    relay = Relay(world["ledger"], bus)
    for _ in range(3):
        world.commit(accounts=1)
        relay.step()
    assert len(queued(world.broker_url, "mirror")) == 1, "an empty queue is never full"
    world.commit(accounts=1)
    relay.step()
    assert len(queued(world.broker_url, "mirror")) == 1
    bus.close()


class SlowConfirms:
    """A connection that confirms one message each 30 ms."""

    def __init__(self, bus: amqp.AmqpBus) -> None:
        self._bus = bus
        self.confirmed = 0

    def drain_events(self, timeout: float) -> None:
        time.sleep(min(timeout, 0.03))
        self.confirmed += 1
        self._bus._on_ack(self.confirmed, False)

    def collect(self, **_: float) -> None:
        """Closed."""


def test_confirms_that_trickle_are_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    world.commit(accounts=50)
    batch = [(replace(event, type=f"a.b.c.d.v{pos}"), pos) for pos, event in enumerate(world.envelopes(), start=1)]
    bus = amqp.AmqpBus("amqp://nowhere")
    slow = SlowConfirms(bus)

    def opened() -> None:
        bus._connection = slow

    def sent(*_: Any) -> None:
        bus._last_tag += 1
        bus._waiting[bus._last_tag] = batch[bus._last_tag - 1][0].id

    monkeypatch.setattr(bus, "_open", opened)
    monkeypatch.setattr(bus, "_send", sent)
    monkeypatch.setattr(amqp, "BATCH_TIMEOUT_S", 0.5)
    began = time.monotonic()
    delivery = bus.publish(batch)
    assert time.monotonic() - began < 1.0
    assert delivery.failure is not None
    assert 0 < len(delivery.confirmed) == slow.confirmed < 50
    assert delivery.confirmed == {event.id for event, pos in batch if pos <= slow.confirmed}


def test_a_batch_may_last_shorter_than_an_idle_transaction() -> None:
    assert Settings(service="any").idle_transaction_timeout_ms / 1000 > amqp.BATCH_TIMEOUT_S + amqp.CONFIRM_TIMEOUT_S
