"""The Celery application of a service's worker, with every setting that decides whether an event can be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from celery import Celery
from celery.worker.consumer import Consumer, Tasks

from ..background import Pulse
from . import scheme_of

if TYPE_CHECKING:
    from ..service import Runtime

_UNUSED = ("celery.worker.consumer.delayed_delivery:DelayedDelivery", "celery.worker.consumer.control:Control")
_TASKS = "celery.worker.consumer.tasks:Tasks"
_PULSE_S = 5.0


class EventCelery(Celery):  # type: ignore[misc]
    """The application of a worker. ``pulse`` beats in the loop that reads from the broker, and rests without a broker."""

    pulse: Pulse


class EventTasks(Tasks):  # type: ignore[misc]
    """Celery's step that begins to consume; before that, and after each reconnection, every queue is declared."""

    _beating: Any = None

    def start(self, c: Any) -> None:
        """Called by Celery with its consumer."""
        if c.connection.transport.driver_type == "amqp":
            from .amqp import declare_all

            declare_all(c.connection.default_channel)
        super().start(c)
        c.app.pulse.beat()
        self._beating = c.timer.call_repeatedly(_PULSE_S, c.app.pulse.beat)

    def stop(self, c: Any) -> None:
        """Called by Celery when it stops and when it lost the broker: until it is back the sweeper brings the events."""
        if self._beating is not None:
            self._beating.cancel()
        c.app.pulse.rest()
        super().stop(c)


class EventConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer without remote control and without the 28 queues it would declare to delay tasks."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        """Celery's steps with ours for tasks, less the unused."""

        default_steps: ClassVar[list[Any]] = [
            "crm_chassis.bus.celery_app:EventTasks" if step == _TASKS else step
            for step in Consumer.Blueprint.default_steps
            if step not in _UNUSED
        ]


def celery_app(runtime: Runtime) -> EventCelery:
    """An application that consumes the service's queues. Raises ValueError for ``poll://``, which has no worker queues."""
    settings = runtime.settings
    app = EventCelery(f"crm.{settings.service}", set_as_current=False)
    app.pulse = Pulse()
    app.conf.update(
        broker_url=settings.broker_url,
        broker_heartbeat=30,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=5,
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=False,
        task_create_missing_queues=False,
        task_default_queue=f"crm.{settings.service}.events",
        worker_pool="threads",
        worker_concurrency=settings.worker_threads,
        worker_prefetch_multiplier=1,
        worker_consumer="crm_chassis.bus.celery_app:EventConsumer",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        **_transport(runtime),
    )
    return app


def _transport(runtime: Runtime) -> dict[str, Any]:
    service = runtime.settings.service
    match scheme_of(runtime.settings.broker_url):
        case "amqp":
            from .amqp import worker_queues

            return {"task_queues": worker_queues(service)}
        case "redis":
            from . import redis

            return {
                "task_queues": redis.worker_queues(service),
                "broker_transport_options": redis.worker_options(service),
            }
    raise ValueError("poll:// has no queues to consume")
