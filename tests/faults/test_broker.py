"""The broker killed, emptied, silenced or full. The writes must not notice and nothing may be lost."""

from __future__ import annotations

import shutil
import time
from typing import Any
from uuid import uuid4

import pytest
import redis
import urllib3
from faults.clients import Clients, Journal
from faults.stage import Stage
from kombu import Connection
from system import eventually

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
    ended = _ended_session(faulty)
    with work as journal:
        time.sleep(1)
        with (
            redis.Redis.from_url(_bus_of(faulty)) as bus,
            redis.Redis.from_url(faulty.servers["redis"].url) as sessions,
        ):
            bus.flushall()
            sessions.flushall()
        time.sleep(3)
        _use_up_the_sign_ins(faulty)
        faulty.servers["redis"].kill()
        more_sign_ins = [_try_to_sign_in(faulty) for _ in range(5)]
        with_ended = [_customers_for(faulty, ended) for _ in range(5)]
        time.sleep(3)
        with_ended += [_customers_for(faulty, ended) for _ in range(5)]
        faulty.servers["redis"].start()

    with_ended.append(_customers_for(faulty, ended))
    assert set(more_sign_ins) == {429}, more_sign_ins
    assert set(with_ended) <= {401, 503}, with_ended
    assert 401 in with_ended
    checked(journal)


def _ended_session(stage: Stage) -> str:
    """The token of somebody who has signed out; it opened until then."""
    person = stage.system.as_("n1.manager")
    assert _customers_for(stage, person.token) == 200
    left = urllib3.request("POST", f"{stage.system.address}/api/v1/auth/logout", headers=_bearer(person.token))
    assert left.status == 204
    assert _customers_for(stage, person.token) == 401
    return person.token


def _customers_for(stage: Stage, token: str) -> int:
    address = f"{stage.system.address}/api/v1/customers?limit=1"
    return urllib3.request("GET", address, headers=_bearer(token), retries=False).status


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _use_up_the_sign_ins(stage: Stage) -> None:
    """Use up this minute's quota of attempts to sign in from here, early enough in it for what comes next."""
    eventually(lambda: time.time() % 60 < 30, 40)
    eventually(lambda: _try_to_sign_in(stage) == 429, 25)
    assert time.time() % 60 < 50


def _try_to_sign_in(stage: Stage) -> int:
    nobody = {"grant_type": "password", "username": uuid4().hex, "password": "wrong for everybody"}
    return urllib3.request("POST", f"{stage.system.address}/api/v1/auth/token", json=nobody, retries=False).status


def unaffected(journal: Journal) -> None:
    """Every write was answered at once, and well."""
    failed = [each for each in journal.attempts if each.status in {0, *range(500, 600)}]
    assert not failed, failed[:5]
    slow = [each for each in journal.attempts if each.took_s > UNAFFECTED_S]
    assert not slow, slow[:5]
