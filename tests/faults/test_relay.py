"""The way from the outbox to the broker, broken at every step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from faults.clients import Clients
from faults.stage import Stage

from crm_local.home import Home
from crm_local.installation import Installation, Wishes

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("before_publish:3", marks=[pytest.mark.fault(4), pytest.mark.slow]),
        pytest.param("after_confirm:2", marks=pytest.mark.fault(5)),
        pytest.param("between_pos_and_publish:2", marks=[pytest.mark.fault(6), pytest.mark.slow]),
    ],
)
def test_relays_that_die(faulty: Stage, work: Clients, checked: Any, point: str) -> None:
    with work as journal:
        for name in ("sales-relay", "customer-relay"):
            faulty.crash(name, point)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(7)
def test_a_leader_frozen_for_a_minute_and_thawed(faulty: Stage, work: Clients, checked: Any) -> None:
    with another(faulty, "relay", "sales"), another(faulty, "relay", "customer"), work as journal:
        time.sleep(3)
        with faulty.frozen("sales-relay"), faulty.frozen("customer-relay"):
            time.sleep(60)
        time.sleep(5)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(8)
@pytest.mark.brokers("amqp", "redis")
def test_confirms_that_do_not_come(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        for _ in range(3):
            faulty.links["broker"].silence()
            time.sleep(8)  # longer than the 5 s a relay waits
            faulty.links["broker"].heal()
            time.sleep(4)

    checked(journal)


@contextmanager
def another(stage: Stage, kind: str, service: str) -> Iterator[subprocess.Popen[bytes]]:
    """A second process of a kind, beside the launcher's own."""
    environment = stage.system.environment
    installation = Installation.running(Home.from_environment(environment), Wishes.from_environment(environment))
    settings = {**os.environ, **environment, **installation.environment(service)}
    arguments = [kind] if kind == "beat" else [kind, service]
    log = (stage.system.home / f"another-{service}-{kind}.log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "crm_chassis", *arguments], env=settings, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        log.close()
