"""The bus: events a second through relay and consumer, and what people notice while a backlog is worked off.

``make bench-bus``. Ratios within one run are what counts; the absolute numbers are this machine's.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from chassis.bus.bus_world import World, new_world
from faults.clients import Clients, Journal
from faults.oracle import Databases
from faults.stage import Stage, databases, new_stage
from sqlalchemy import text
from system import eventually

from crm_chassis import logs
from crm_chassis.settings import Settings
from crm_chassis.testing_servers import start_postgres, start_rabbitmq, start_redis

EVENTS = 20_000
BACKLOG = 50_000
_BEFORE_S = 20.0
_IN_HAND = str(Settings(service="mirror").worker_threads)

_FILL = """
INSERT INTO outbox (event_id, aggregate_type, aggregate_id, aggregate_version, type, unit_id, envelope, created_at)
SELECT e, 'account', a, n, 'crm.ledger.account.changed.v1', NULL,
       jsonb_build_object('specversion', '1.0', 'id', e, 'source', 'ledger', 'type', 'crm.ledger.account.changed.v1',
                          'subject', a, 'time', '2026-01-01T00:00:00Z', 'aggregateversion', n,
                          'data', jsonb_build_object('id', a, 'balance', n, 'behaviour', 'keep quiet')), now()
FROM (SELECT gen_random_uuid() AS e, md5((i / 20)::text)::uuid AS a, i % 20 + 1 AS n
      FROM generate_series(0, :events - 1) AS i ORDER BY i) AS made
"""

_BACKLOG = """
INSERT INTO outbox (event_id, aggregate_type, aggregate_id, aggregate_version, type, unit_id, envelope, created_at)
SELECT e, aggregate_type, aggregate_id, 1000000 + n, type, unit_id,
       envelope || jsonb_build_object('id', e, 'aggregateversion', 1000000 + n), now()
FROM (SELECT o.*, n, gen_random_uuid() AS e
      FROM (SELECT DISTINCT ON (aggregate_id) * FROM outbox WHERE type = 'crm.customer.customer.created.v1'
            ORDER BY aggregate_id LIMIT 100) AS o
      CROSS JOIN generate_series(1, {each}) AS n) AS made
"""


def through_the_bus(broker_url: str, workers: int) -> tuple[float, float]:
    """Events a second that the relay publishes with confirms, and that so many workers as they are shipped handle."""
    with new_world(broker_url) as world:
        with world.transaction("ledger") as session:
            session.execute(text(_FILL), {"events": EVENTS})
        world.start("relay", "ledger")
        published = _rate(lambda: _count(world, "ledger", "outbox WHERE published_at IS NOT NULL"))
        for _ in range(workers):
            world.start("worker", "mirror", WORKER_THREADS=_IN_HAND)
        handled = _rate(lambda: _count(world, "mirror", "inbox WHERE status = 'done'"))
    return published, handled


def _rate(done: Callable[[], int]) -> float:
    """The rate between the first tenth and the last event, so that starting does not count."""
    eventually(lambda: done() >= EVENTS // 10, 120)
    first, began = done(), time.monotonic()
    eventually(lambda: done() >= EVENTS, 300)
    return (EVENTS - first) / (time.monotonic() - began)


def _count(world: World, name: str, what: str) -> int:
    with world.transaction(name) as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {what}")) or 0)


def beside_people(kind: str) -> dict[str, float]:
    """A consumer is away while 50,000 events arrive, and works them off while people go on."""
    with tempfile.TemporaryDirectory() as folder, new_stage(kind, Path(folder)) as stage:
        return _worked_off(stage)


def _worked_off(stage: Stage) -> dict[str, float]:
    with Clients(stage.system, 1) as journal, Databases(databases(stage)) as found:
        eventually(lambda: len(journal.done) > 200, 120)
        before = _latencies(journal, _BEFORE_S)
        with stage.frozen("insight-worker"):
            found.execute("customer", _BACKLOG.format(each=BACKLOG // 100))
            waiting = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
            eventually(lambda: found.rows("customer", waiting)[0][0] == 0, 300)
        began = time.monotonic()
        handled = "SELECT count(*) FROM inbox WHERE source = 'customer' AND status IN ('done', 'ignored')"
        memory = _Peak(stage, "insight-worker")
        during = _latencies(journal, 0, until=lambda: memory.look() or found.rows("insight", handled)[0][0] >= BACKLOG)
        took = time.monotonic() - began
    return {
        "p50 before": statistics.median(before),
        "p50 during": statistics.median(during),
        "p99 before": statistics.quantiles(before, n=100)[98],
        "p99 during": statistics.quantiles(during, n=100)[98],
        "events/s": BACKLOG / took,
        "worker MB": memory.most / 1e6,
    }


class _Peak:
    """The most memory a process was seen with, in bytes."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._process = psutil.Process(stage.pid(name))
        self.most = 0

    def look(self) -> bool:
        """Look; answers False, so that it can stand in front of a condition."""
        self.most = max(self.most, self._process.memory_info().rss)
        return False


def _latencies(journal: Journal, for_s: float, until: Callable[[], bool] = lambda: True) -> list[float]:
    """The times of the calls made from now on, for some seconds or until something is so."""
    first, ends = len(journal.attempts), time.monotonic() + for_s
    while time.monotonic() < ends or not until():
        time.sleep(0.2)
    return [each.took_s for each in journal.attempts[first:]]


def main() -> None:
    """Measure and print."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: a stopped run stops its servers too
    logs.configure("bench", "ERROR")
    postgres = start_postgres(durable=True)
    os.environ["CRM_TEST_POSTGRES_URL"] = postgres.url
    try:
        for name, start in (("RabbitMQ", start_rabbitmq), ("Valkey", start_redis)):
            server = start()
            try:
                for workers in (1, 2):
                    published, handled = through_the_bus(server.url, workers)
                    print(
                        f"{name}: {published:,.0f} events/s published with confirms, "
                        f"{handled:,.0f} events/s handled by {workers}",
                        flush=True,
                    )
            finally:
                server.stop()
    finally:
        postgres.stop()
    for kind in ("amqp", "redis"):
        figures = beside_people(kind)
        print(
            f"backlog of {BACKLOG:,} on {kind}: " + ", ".join(f"{k} {v:,.3f}" for k, v in figures.items()), flush=True
        )


if __name__ == "__main__":
    main()
