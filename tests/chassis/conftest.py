"""The sales service's competitors stand for any ordinary collection."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from crm_chassis.testing import Bench, Client

ALL = [f"competitor:{action}" for action in ("read", "create", "update", "delete", "export", "import", "configure")]


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


@pytest.fixture
def group(bench: Bench) -> dict[str, UUID]:
    root = bench.unit("BD", kind="group")
    north, east = bench.unit("N", root, "region"), bench.unit("E", root, "region")
    return {"BD": root, "N": north, "E": east, "N1": bench.unit("N1", north), "E1": bench.unit("E1", east)}


@pytest.fixture
def n1(bench: Bench, group: dict[str, UUID]) -> Client:
    return bench.client(bench.caller(group["N1"], ALL, username="n1"))


@pytest.fixture
def e1(bench: Bench, group: dict[str, UUID]) -> Client:
    return bench.client(bench.caller(group["E1"], ALL, username="e1"))
