"""Real brokers for the tests of the bus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from chassis.bus.bus_world import World, new_world

from crm_chassis import logs
from crm_chassis.testing_servers import Server, ServerUnavailable, start_rabbitmq, start_redis

_missing: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say when part of the bus was not tested."""
    for line in _missing:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """The services' own log format: structlog's default draws every traceback in colour, which takes seconds."""
    logs.configure("tests", "ERROR")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A Redis or Valkey of this worker's own."""
    server = start_redis()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[Server]:
    """A RabbitMQ node of this worker's own; without one the tests that need it are skipped, or fail when required."""
    try:
        server = start_rabbitmq()
    except ServerUnavailable as error:
        if os.environ.get("CRM_REQUIRE_SERVERS") == "1":
            raise
        _missing.append("The bus was tested without RabbitMQ: rabbitmq-server is not on the PATH.")
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture(params=["amqp", "redis"])
def broker(request: pytest.FixtureRequest) -> str:
    """The URL of a broker, each kind in turn."""
    return str(request.getfixturevalue("rabbitmq_server" if request.param == "amqp" else "redis_server").url)


@pytest.fixture
def world(broker: str) -> Iterator[World]:
    """Ledger and mirror with fresh databases on the broker."""
    with new_world(broker) as made:
        yield made


@pytest.fixture
def world_without_broker() -> Iterator[World]:
    """The same two services with nothing but their databases and feeds."""
    with new_world("poll://") as made:
        yield made
