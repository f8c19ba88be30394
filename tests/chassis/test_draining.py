"""A web process that is told to stop says so while it still takes calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import urllib3

from crm_chassis.service import load_service
from crm_chassis.testing import Bench
from crm_chassis.testing_servers import free_ports


class Web:
    """A web process of a service; each call is a connection of its own."""

    def __init__(self, bench: Bench, drain_s: int) -> None:
        (port,) = free_ports(1)
        self.base = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "DATABASE_URL": bench.settings.database_url,
            "IDENTITY_PUBLIC_KEY": bench.settings.identity_public_key,
            "SIGNING_KEY": bench.settings.signing_key,
            "PORT": str(port),
            "DRAIN_S": str(drain_s),
        }
        command = [sys.executable, "-m", "crm_chassis", "web", bench.service.name]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def status(self, path: str) -> int:
        """The answer's status, 0 when nobody takes the call."""
        try:
            with urllib3.PoolManager(retries=False) as pool:
                return pool.request("GET", self.base + path, timeout=5).status
        except urllib3.exceptions.HTTPError:
            return 0


def until(condition: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.05)


@contextmanager
def serving(service: str, drain_s: int) -> Iterator[Web]:
    bench = Bench(load_service(service))
    web = Web(bench, drain_s)
    try:
        until(lambda: web.status("/readyz") == 200, 60)
        yield web
    finally:
        web.process.kill()
        web.process.wait()
        bench.close()


@pytest.mark.parametrize("service", ["sales", "gateway"])
def test_readiness_ends_before_the_calls_do(service: str) -> None:
    with serving(service, drain_s=4) as web:
        web.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        until(lambda: web.status("/readyz") == 503, 3)
        taken = 0
        while time.monotonic() - told < 3:
            assert web.status("/livez") == 200
            taken += 1
        assert taken > 0
        assert web.status("/readyz") == 503
        assert web.process.wait(30) == 0
        assert time.monotonic() - told < 15


def test_a_second_signal_cuts_the_wait_short() -> None:
    with serving("sales", drain_s=60) as web:
        web.process.send_signal(signal.SIGTERM)
        until(lambda: web.status("/readyz") == 503, 5)
        web.process.send_signal(signal.SIGINT)
        web.process.wait(30)
