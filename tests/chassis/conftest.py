"""The sales service's competitors stand for any ordinary collection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_chassis.testing import Bench


@pytest.fixture(scope="session")
def _bench() -> Iterator[Bench]:
    from crm_sales.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Bench:
    _bench.clean()
    return _bench
