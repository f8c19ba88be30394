"""What ``crm status`` says of a service's queues and of processes that give no sign of life."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest
from sqlalchemy.engine import make_url

from crm_chassis import inbox_rows, process_beats
from crm_chassis.service import load_service
from crm_chassis.testing import Bench
from crm_contracts.envelope import Envelope
from crm_local import status
from crm_local.databases import ServiceDatabase


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench(load_service("sales"))
    yield made
    made.close()


def queue_of(bench: Bench) -> dict[str, object]:
    url = make_url(bench.settings.database_url)
    database = ServiceDatabase("sales", str(url.database), bench.settings.database_url, "")
    return status._queue(url.render_as_string(hide_password=False), database)


def arrive(bench: Bench, number: int, state: str) -> None:
    event = Envelope(
        id=f"00000000-0000-7000-8000-{number:012}",
        source="customer",
        type="crm.customer.customer.created.v1",
        subject=f"00000000-0000-7000-9000-{number:012}",
        time="2026-03-01T00:00:00Z",
        data={},
        aggregateversion=1,
    )
    with bench.system() as session:
        inbox_rows.locked(session, event, number).status = state


def test_what_waits_is_what_will_still_be_handled(bench: Bench) -> None:
    for number, state in enumerate(("pending", "parked", "done", "dropped", "ignored", "dead"), start=1):
        arrive(bench, number, state)
    told = queue_of(bench)
    assert (told["inbox_waiting"], told["inbox_dead"], told["outbox_waiting"]) == (2, 1, 0)
    assert told["inbox_oldest_s"] is not None
    assert (told["worker_silent_s"], told["relay_silent_s"]) == (None, None)
    process_beats.beat(bench.runtime, "worker")
    assert queue_of(bench)["worker_silent_s"] is not None


@pytest.mark.parametrize(
    ("silent_s", "up_s", "silent"),
    [
        (3.0, 5000, False),
        (200.0, 5000, True),
        (200.0, 5, False),  # its predecessor's silence
        (None, 5, False),
        (None, 5000, True),
    ],
)
def test_a_worker_without_any_sign_of_life_is_silent_and_not_well(
    silent_s: float | None, up_s: float, silent: bool
) -> None:
    assert status._is_silent(silent_s, up_s) is silent
    health = status._health({"role": "worker", "port": None}, psutil.Process(), silent)
    assert health == ("silent" if silent else "ok")


def test_a_service_whose_database_is_away_is_told_as_unknown() -> None:
    nowhere = ServiceDatabase("sales", "nowhere", "", "")
    told = status._queue("postgresql://nobody@127.0.0.1:1/nowhere", nowhere)
    assert {name: value for name, value in told.items() if value is not None} == {"service": "sales"}
