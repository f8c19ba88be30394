"""The real system, started once by the launcher on a free port, with the demo group's tree and people."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crm_local.demo.api import Api
from crm_local.demo.company import build_company

PASSWORD = "a-password-for-tests"
_READY_WITHIN_S = 120


@dataclass
class System:
    """A running system. ``units``: code -> id."""

    address: str
    home: Path
    environment: dict[str, str]
    units: dict[str, str]

    def as_(self, username: str) -> Api:
        """The API as a user of the demo group."""
        return Api(self.address, username, PASSWORD)

    def crm(self, *arguments: str) -> str:
        """What a launcher command prints."""
        command = [sys.executable, "-m", "crm_local", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False).stdout

    def processes(self) -> dict[str, Any]:
        """Process name -> what ``crm status`` knows of it."""
        return {process["name"]: process for process in json.loads(self.crm("status", "--json"))["processes"]}


def eventually(found: Callable[[], Any], within_s: float = 30.0) -> Any:
    """The first true answer of ``found``. Fails when there is none in time."""
    deadline = time.monotonic() + within_s
    while not (result := found()):
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {found}"
        time.sleep(0.05)
    return result


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(tmp_path_factory.mktemp("crm")) as started:
        yield started


@contextmanager
def running_system(home: Path, **settings: str) -> Iterator[System]:
    """The system from a new home; ``settings`` by their names in the environment, such as BROKER_URL."""
    port = free_port()
    environment = {**os.environ, "CRM_HOME": str(home), "CRM_PORT": str(port), "CRM_PASSWORD": PASSWORD}
    for name in ("DATABASE_URL", "BROKER_URL", "REDIS_URL"):
        environment.pop(name, None)
    # The receivers of webhooks in the tests listen on this machine.
    environment |= {"WEBHOOK_PRIVATE_ADDRESSES": "allow", **settings}
    log = (home / "launcher.log").open("wb")
    command = [sys.executable, "-m", "crm_local", "up", "--demo", "none"]
    launcher = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        admin = _sign_in_when_ready(address, launcher, home)
        units = build_company(admin, PASSWORD)
        yield System(address, home, environment, units)
    finally:
        launcher.send_signal(signal.SIGINT)
        try:
            launcher.wait(60)
        except subprocess.TimeoutExpired:
            launcher.kill()
            raise
        finally:
            log.close()
    assert launcher.returncode == 0, (home / "launcher.log").read_text()[-4000:]


def _sign_in_when_ready(address: str, launcher: subprocess.Popen[bytes], home: Path) -> Api:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline and launcher.poll() is None:
        if "ready" in (home / "launcher.log").read_text(errors="replace"):
            return Api(address, "admin", PASSWORD)
        time.sleep(0.1)
    raise AssertionError((home / "launcher.log").read_text(errors="replace")[-4000:])
