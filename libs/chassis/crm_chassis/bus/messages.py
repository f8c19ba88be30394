"""Task messages as Celery's worker reads them.

Source: Celery message protocol version 2 (docs.celeryq.dev, internals/protocol). Written here so that a publisher
needs no Celery application.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kombu import Producer

from crm_contracts.envelope import Envelope

from . import EVENT_TASK, EVENTS_TASK


def send_event(producer: Producer, envelope: Envelope, pos: int, **destination: Any) -> None:
    """Publish an event; its id is the task's id. destination: exchange, routing_key and other publish options."""
    send_task(producer, EVENT_TASK, envelope.id, [envelope.to_dict(), pos], **destination)


def send_events(producer: Producer, events: Sequence[tuple[Envelope, int]], **destination: Any) -> None:
    """Publish a backlog as one message, under the id of its first event."""
    arguments = [[envelope.to_dict(), pos] for envelope, pos in events]
    send_task(producer, EVENTS_TASK, events[0][0].id, [arguments], **destination)


def send_task(
    producer: Producer,
    name: str,
    task_id: str,
    arguments: list[Any],
    **destination: Any,
) -> None:
    """Publish a call of a task by name."""
    headers = {
        "lang": "py",
        "task": name,
        "id": task_id,
        "root_id": task_id,
        "parent_id": None,
        "group": None,
        "argsrepr": "",
        "kwargsrepr": "",
        "ignore_result": True,
    }
    producer.publish(
        [
            arguments,
            {},
            {"callbacks": None, "errbacks": None, "chain": None, "chord": None},
        ],
        serializer="json",
        headers=headers,
        correlation_id=task_id,
        delivery_mode=2,
        retry=False,
        **destination,
    )
