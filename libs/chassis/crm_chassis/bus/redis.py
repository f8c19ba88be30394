"""Redis or Valkey: no exchange, so the relay puts one message into the queue of every subscriber.

kombu's fan-out copies share a delivery tag, and one service's acknowledgement erased another's copy. Here each copy is
a message of its own, and each service keeps its own book of unacknowledged ones. Redis may still lose a message in the
moment between taking it and writing that book; the sweeper finds it.

A list knows no limit, so it is given one here: the memory of a queue whose service is away stays bounded, and what
was not put into it is brought by that service's sweeper, as what Redis loses is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from kombu import Connection, Producer, Queue
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from crm_contracts.subscriptions import subscribers_of

from .. import crash
from . import (
    BrokerUnavailable,
    Delivery,
    Numbered,
    events_queue,
    messages,
    ticks_queue,
)

log = structlog.get_logger()

QUEUE_BYTES_MAX = 16 * 1024 * 1024
"""About ten thousand events; a full queue of every service together is 128 MB."""

_TIMEOUT_S = 5.0
_ERRORS = (RedisError, KombuError, OSError)


def worker_options(service: str) -> dict[str, Any]:
    """Transport options of a service's worker: own books, and a lost message comes back after a minute."""
    return {
        "visibility_timeout": 60,
        "unacked_key": f"crm.{service}.unacked",
        "unacked_index_key": f"crm.{service}.unacked.index",
        "unacked_mutex_key": f"crm.{service}.unacked.mutex",
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": _TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def ticks_queue_of(service: str) -> Queue:
    """The service's ticks."""
    return Queue(ticks_queue(service), routing_key=ticks_queue(service))


def worker_queues(service: str) -> list[Queue]:
    """Every queue a service's worker consumes."""
    return [Queue(events_queue(service), routing_key=events_queue(service)), ticks_queue_of(service)]


class RedisBus:
    """Publishes one message per subscriber; Redis' answer is the confirm."""

    def __init__(self, broker_url: str, queue_bytes_max: int = QUEUE_BYTES_MAX) -> None:
        self._url = broker_url
        self._queue_bytes_max = queue_bytes_max
        self._full: frozenset[str] = frozenset()
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def declare(self) -> None:
        """Connect; a list needs no declaration. Raises BrokerUnavailable."""
        try:
            self._open()
        except _ERRORS as error:
            self.close()
            raise BrokerUnavailable(str(error)) from error

    def publish(self, batch: Sequence[Numbered]) -> Delivery:
        """Send a batch in one pipeline; without Redis' answer to all of it, none of it counts as sent.

        A queue that is full is passed over, and counts as served: its service sweeps every 30 s whatever a queue holds.
        To keep the events back instead would keep them from the other subscribers too.
        """
        delivery = Delivery()
        try:
            producer = self._open()
            waiting = self._by_subscriber(batch)
            self._note(self._full_ones(producer, waiting))
            with producer.batch():
                for service, events in waiting.items():
                    if service not in self._full:
                        for each in messages.packed(events):
                            messages.send(producer, each, routing_key=events_queue(service))
            delivery.confirmed = {envelope.id for envelope, _ in batch}
        except _ERRORS as error:
            delivery.failure = f"{type(error).__name__}: {error}"
            self.close()
        return delivery

    @staticmethod
    def _by_subscriber(batch: Sequence[Numbered]) -> dict[str, list[Numbered]]:
        found: dict[str, list[Numbered]] = {}
        for envelope, pos in batch:
            crash.point("before_publish")
            for service in subscribers_of(envelope.type):
                found.setdefault(service, []).append((envelope, pos))
        return found

    def _full_ones(self, producer: Producer, services: Iterable[str]) -> frozenset[str]:
        asked = list(services)
        with producer.channel.client.pipeline(transaction=False) as pipeline:
            for service in asked:
                pipeline.memory_usage(events_queue(service))
            sizes = pipeline.execute()
        limit = self._queue_bytes_max
        return frozenset(service for service, size in zip(asked, sizes, strict=True) if (size or 0) >= limit)

    def _note(self, full: frozenset[str]) -> None:
        if full - self._full:
            log.warning("redis_queue_full", services=sorted(full), bytes_max=self._queue_bytes_max)
        self._full = full

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.release()
        self._connection = self._producer = None

    def _open(self) -> Producer:
        if self._producer is None:
            options = {
                "socket_timeout": _TIMEOUT_S,
                "socket_connect_timeout": _TIMEOUT_S,
            }
            self._connection = Connection(self._url, transport_options=options)
            self._connection.connect()
            self._producer = Producer(self._connection.channel(), auto_declare=False)
        return self._producer
