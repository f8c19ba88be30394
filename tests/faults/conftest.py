"""A stage for each kind of broker, a seed for each run, and the table of what was survived."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from faults.clients import SELLERS, Clients
from faults.oracle import judge
from faults.stage import BROKERS, Stage, new_stage

SEED = int(os.environ.get("CRM_SEED") or random.SystemRandom().randrange(10**6))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``stage`` runs on every broker, or on those its marker ``brokers`` names.

    In `make test` it runs on the first of them; the others are ``slow``.
    """
    if "stage" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("brokers")
    kinds = marker.args if marker else BROKERS
    chosen = [pytest.param(kind, marks=[pytest.mark.slow] if kind != kinds[0] else []) for kind in kinds]
    metafunc.parametrize("stage", chosen, indirect=True, scope="session")


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The running system on one kind of broker, with people who want mails and a webhook that hears of orders."""
    with new_stage(request.param, tmp_path_factory.mktemp("stage")) as made:
        for user in SELLERS:
            made.system.as_(user).put("/notification-preferences/orders", {"email": True})
        hook = {"url": made.hooks.url, "events": ["crm.sales.order.*.v1"]}
        made.system.as_("admin").post("/webhooks", hook)
        yield made


@pytest.fixture
def faulty(stage: Stage) -> Iterator[Stage]:
    """The stage, healed after the test whatever happened."""
    yield stage
    stage.heal()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed; ``CRM_SEED`` repeats it."""
    return SEED


@pytest.fixture
def work(faulty: Stage, seed: int) -> Clients:
    """Four people of four companies at work: ``with work as journal``."""
    return Clients(faulty.system, seed)


@pytest.fixture
def checked(faulty: Stage, record_property: Any) -> Any:
    """``checked(journal, …)``: the oracle's judgement, noted for the table."""

    def check(journal: Any, **how: Any) -> dict[str, int]:
        counts = judge(faulty, journal, **how)
        record_property("counts", counts)
        return counts

    return check


def pytest_report_header() -> str:
    """Say how to repeat the run."""
    return f"faults: CRM_SEED={SEED}"
