"""Celery beat: a tick to every service's worker each ten seconds. What is due is a row, so two beats do no harm."""

from __future__ import annotations

from celery import Celery, signals
from kombu import Queue

from crm_contracts.services import SERVICES

from .bus import TICK_TASK, scheme_of
from .settings import Settings

TICK_S = 10


def beat_app(settings: Settings) -> Celery:
    """The application that beat runs: one periodic task per service, straight to its tick queue."""
    app = Celery("crm.beat", set_as_current=False)
    app.conf.update(
        broker_url=settings.broker_url,
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_serializer="json",
        worker_hijack_root_logger=False,
        beat_schedule={f"tick {service}": _tick(settings.broker_url, service) for service in SERVICES},
        beat_max_loop_interval=TICK_S,
    )
    return app


def run_beat(settings: Settings) -> None:
    """Send ticks until SIGTERM. Raises ValueError for ``poll://``, where every worker looks for itself each second."""
    if scheme_of(settings.broker_url) == "poll":
        raise ValueError("poll:// needs no beat: every worker looks at its due rows each second")
    signals.setup_logging.connect(lambda **_: None, weak=False)
    # The in-memory scheduler: what was last sent need not survive, and the container's disk is read-only.
    beat_app(settings).Beat(scheduler_cls="celery.beat:Scheduler", loglevel="WARNING", quiet=True).run()


def ticks_queue_of(broker_url: str, service: str) -> Queue:
    """A service's tick queue, declared just as its worker declares it."""
    if scheme_of(broker_url) == "amqp":
        from .bus import amqp as transport
    else:
        from .bus import redis as transport  # type: ignore[no-redef]
    return transport.ticks_queue_of(service)


def _tick(broker_url: str, service: str) -> dict[str, object]:
    options = {"queue": ticks_queue_of(broker_url, service), "expires": TICK_S}
    return {"task": TICK_TASK, "schedule": TICK_S, "options": options}
