"""The gateway with a Redis of its own, and people who sign in as people do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gateway.gateway_bench import ADMIN_PASSWORD, GatewayBench, Person
from gateway.upstream_bench import Service, World

from crm_chassis.testing import KEY
from crm_chassis.testing_servers import Server, start_redis


@pytest.fixture(scope="session")
def redis() -> Iterator[Server]:
    server = start_redis()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _gateway(redis: Server) -> Iterator[GatewayBench]:
    from crm_gateway.app import service

    bench = GatewayBench(
        service,
        redis_url=redis.url,
        admin_password=ADMIN_PASSWORD,
        identity_private_key=KEY.as_pem(private=True).decode(),
        sign_in_rate="100000/minute",
    )
    yield bench
    bench.close()


@pytest.fixture
def gateway(_gateway: GatewayBench) -> GatewayBench:
    _gateway.start_over()
    return _gateway


@pytest.fixture
def admin(gateway: GatewayBench) -> Person:
    return gateway.person("admin", ADMIN_PASSWORD)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.stop()


@pytest.fixture
def world(gateway: GatewayBench, service: Service) -> Iterator[World]:
    made = World(gateway, service.url)
    yield made
    made.close()
