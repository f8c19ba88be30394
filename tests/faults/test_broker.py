"""The broker killed, emptied, silenced or full. The writes must not notice and nothing may be lost."""

from __future__ import annotations

import shutil
import time
from typing import Any

import pytest
import redis
import urllib3
from faults.clients import Clients, Journal
from faults.stage import Stage
from kombu import Connection

from crm_chassis.bus import events_queue
from crm_contracts.services import SERVICES

pytestmark = [pytest.mark.timeout(400), pytest.mark.brokers("amqp", "redis")]

UNAFFECTED_S = 5.0
"""What a write may take on this machine while the broker is in trouble: far below any time-out towards it."""


@pytest.mark.slow
@pytest.mark.fault(9)
def test_queues_deleted_under_load(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        _delete_queues(faulty)
        time.sleep(5)

    unaffected(journal)
    checked(journal)


def _delete_queues(stage: Stage) -> None:
    url = stage.servers["broker"].url
    if stage.kind == "redis":
        with redis.Redis.from_url(_bus_of(stage)) as client:
            client.flushdb()
        return
    with Connection(url) as connection:
        for service in SERVICES:
            connection.default_channel.queue_delete(events_queue(service))


def _bus_of(stage: Stage) -> str:
    return stage.servers["broker"].url


@pytest.mark.slow
@pytest.mark.fault(10)
def test_the_broker_is_killed_and_back_after_half_a_minute(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        faulty.servers["broker"].kill()
        time.sleep(30)
        faulty.servers["broker"].start()
        time.sleep(5)

    unaffected(journal)
    assert checked(journal, within_s=120)["settled_after_s"] < 120


@pytest.mark.slow
@pytest.mark.fault(11, 23)
def test_the_broker_comes_back_with_nothing(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        server = faulty.servers["broker"]
        server.kill()
        for data in ("mnesia", "appendonlydir"):
            shutil.rmtree(server.directory / data, ignore_errors=True)
        server.start()
        time.sleep(5)

    unaffected(journal)
    assert checked(journal, within_s=120)["settled_after_s"] < 120


@pytest.mark.slow
@pytest.mark.fault(12)
def test_the_broker_says_nothing_any_more(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        faulty.links["broker"].silence()
        time.sleep(25)
        faulty.links["broker"].heal()

    unaffected(journal)
    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(13)
def test_the_broker_is_out_of_memory(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        _limit_memory(faulty, True)
        faulty.healed.append(lambda: _limit_memory(faulty, False))
        time.sleep(20)
        _limit_memory(faulty, False)

    unaffected(journal)
    checked(journal)


def _limit_memory(stage: Stage, low: bool) -> None:
    if stage.kind == "amqp":
        stage.rabbitmqctl("set_vm_memory_high_watermark", "0.00001" if low else "0.4")
        return
    with redis.Redis.from_url(_bus_of(stage)) as client:
        client.config_set("maxmemory", "1" if low else "0")


@pytest.mark.slow
@pytest.mark.fault(23)
@pytest.mark.brokers("redis")
def test_a_redis_killed_again_and_again_under_load(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        for _ in range(4):
            time.sleep(3)
            faulty.servers["broker"].kill()
            faulty.servers["broker"].start()

    unaffected(journal)
    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(24)
@pytest.mark.brokers("redis")
def test_two_hundred_broken_connections_between_taking_and_noting(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal, redis.Redis.from_url(_bus_of(faulty)) as client:
        for _ in range(200):
            client.client_kill_filter(_type="normal", skipme=True)
            time.sleep(0.05)

    unaffected(journal)
    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(25)
@pytest.mark.brokers("redis")
def test_sessions_and_limits_flushed_and_their_server_killed(faulty: Stage, work: Clients, checked: Any) -> None:
    address = f"{faulty.system.address}/api/v1/customers"
    with work as journal:
        time.sleep(1)
        with (
            redis.Redis.from_url(_bus_of(faulty)) as bus,
            redis.Redis.from_url(faulty.servers["redis"].url) as sessions,
        ):
            bus.flushall()
            sessions.flushall()
        time.sleep(3)
        faulty.servers["redis"].kill()
        time.sleep(3)
        without_session = [urllib3.request("GET", address, retries=False).status for _ in range(5)]
        faulty.servers["redis"].start()

    assert set(without_session) <= {401, 503}, without_session
    checked(journal)


def unaffected(journal: Journal) -> None:
    """Every write was answered at once, and well."""
    failed = [each for each in journal.attempts if each.status in {0, *range(500, 600)}]
    assert not failed, failed[:5]
    slow = [each for each in journal.attempts if each.took_s > UNAFFECTED_S]
    assert not slow, slow[:5]
