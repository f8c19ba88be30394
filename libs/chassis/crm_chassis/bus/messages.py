"""Task messages as Celery's worker reads them.

Source: Celery message protocol version 2 (docs.celeryq.dev, internals/protocol). Written here so that a publisher
needs no Celery application.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kombu import Producer

from . import EVENT_TASK, EVENTS_TASK, Numbered

_ONE_BY_ONE = 10


def packed(events: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    """What goes as one message: each of a few events alone; all of a backlog, which costs a consumer what one would."""
    if len(events) > _ONE_BY_ONE:
        yield events
    else:
        yield from ([event] for event in events)


def send(producer: Producer, events: Sequence[Numbered], **destination: Any) -> None:
    """Publish what ``packed`` put together, under the id of its first event.

    destination: exchange, routing_key and other publish options.
    """
    (first, pos), *others = events
    if others:
        send_task(
            producer, EVENTS_TASK, first.id, [[[envelope.to_dict(), at] for envelope, at in events]], **destination
        )
    else:
        send_task(producer, EVENT_TASK, first.id, [first.to_dict(), pos], **destination)


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
