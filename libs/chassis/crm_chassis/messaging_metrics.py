"""What Prometheus is told about messaging: read from the tables when it asks, so that it is true whichever process died.

Every web process of a service tells the same numbers; the alarms take the highest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy import func, select

from . import inbox, outbox, process_beats, standing, sweeper
from .database import system_transaction

if TYPE_CHECKING:
    from .service import Runtime

log = structlog.get_logger()


class MessagingCollector(Collector):
    """Gauges of one service: outbox lag, inbox by state, sweeps, and how long its workers and relays have been silent."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> Iterator[Metric]:
        """No metric is known beforehand: registering must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read the tables; nothing is told while the database is away (the scrape itself stays useful)."""
        try:
            with self._runtime.activate(), system_transaction(separate=True) as session:
                waits, silence = standing.lag(session), process_beats.silence_s(session)
                given = session.scalar(select(func.max(outbox.OutboxRow.pos))) or 0
                read = sweeper.marks(session)
        except inbox.TROUBLE as error:
            log.warning("database_away", error=str(error))
            return
        out, into = waits["outbox"], waits["inbox"]
        yield GaugeMetricFamily("crm_outbox_unpublished", "Events not yet published", value=out["unpublished"])
        yield GaugeMetricFamily("crm_outbox_oldest_seconds", "Age of the oldest of them", value=out["oldest_s"])
        yield GaugeMetricFamily("crm_outbox_pos", "Events numbered so far", value=given)
        yield GaugeMetricFamily("crm_inbox_oldest_seconds", "Age of the oldest waiting event", value=into["oldest_s"])
        yield _labelled(
            "crm_inbox_events", "Events by state", "status", {k: into[k] for k in ("pending", "parked", "dead")}
        )
        yield GaugeMetricFamily("crm_jobs_waiting", "Jobs that wait to be begun", value=waits["jobs_waiting"])
        yield _labelled("crm_sweep_pos", "Up to where each source's events were read", "source", dict(read))
        yield _labelled("crm_process_silence_seconds", "Since the last sign of life", "process", silence)


def registry_of(runtime: Runtime) -> CollectorRegistry:
    """A registry with a service's gauges and nothing else; one for each application, beside the process' counters."""
    made = CollectorRegistry()
    made.register(MessagingCollector(runtime))
    return made


def _labelled(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
