"""Celery beat: a tick to every service's worker each ten seconds. What is due is a row, so two beats do no harm."""

from __future__ import annotations

from celery import Celery, signals

from crm_contracts.services import SERVICES

from .bus import TICK_TASK, scheme_of, ticks_queue
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
        beat_schedule={f"tick {service}": _tick(service) for service in SERVICES},
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


def _tick(service: str) -> dict[str, object]:
    queue = ticks_queue(service)
    options = {
        "exchange": "",
        "routing_key": queue,
        "expires": TICK_S,
        "expiration": TICK_S,
    }
    return {"task": TICK_TASK, "schedule": TICK_S, "options": options}
