"""Restarts in turn, a second beat, wrong clocks, and one service that is too slow for the others' good."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from faults.clients import Clients
from faults.stage import Stage
from faults.test_relay import another
from system import eventually

pytestmark = [pytest.mark.timeout(600), pytest.mark.brokers("amqp")]


@pytest.mark.slow
@pytest.mark.fault(27)
@pytest.mark.brokers("amqp", "redis", "poll")
def test_every_process_is_restarted_in_turn(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        for name in faulty.names("web", "worker", "relay"):
            before = faulty.signal(name, signal.SIGTERM)
            eventually(lambda name=name, before=before: faulty.restarted(name, before), 60)
            eventually(lambda name=name: faulty.ready(name), 60)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(28)
@pytest.mark.brokers("amqp", "redis")
def test_two_beats(faulty: Stage, work: Clients, checked: Any) -> None:
    with another(faulty, "beat", "gateway"), work as journal:
        time.sleep(25)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(29)
def test_clocks_an_hour_ahead_and_behind(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        for offset_s in (3600, -3600):
            for name in ("notify-worker", "sales-worker", "customer-relay", "sales-web"):
                faulty.set(name, CLOCK_OFFSET_S=str(offset_s))
                before = faulty.signal(name)
                eventually(lambda name=name, before=before: faulty.restarted(name, before), 60)
            time.sleep(5)
        for name in ("notify-worker", "sales-worker", "customer-relay", "sales-web"):
            faulty.set(name)
            faulty.signal(name)

    checked(journal, resent=None)


@pytest.mark.slow
@pytest.mark.fault(30)
def test_one_service_stands_still_and_the_others_do_not(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(1)
        began = time.monotonic()
        with faulty.frozen("service-desk-web"):
            time.sleep(10)
        ended = time.monotonic()

    during = [each for each in journal.attempts if began < each.at < ended]
    others = [each for each in during if not each.path.startswith("/requests")]
    slow = [
        each for each in others if each.took_s > 2 or (not 200 <= each.status < 300 and each.status not in {412, 422})
    ]
    assert others
    assert not slow, slow[:5]
    stuck = [each for each in during if each.path.startswith("/requests")]
    assert all(each.took_s < 12 for each in stuck), stuck
    checked(journal)
