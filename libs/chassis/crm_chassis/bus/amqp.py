"""RabbitMQ: one topic exchange, one quorum queue per consuming service, and a confirm for every message.

py-amqp's own confirm mode waits for "a" confirm without looking at its delivery tag, so after one time-out it takes
the next answer for its own. Here every tag is accounted for, and after any trouble the connection is thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from amqp.exceptions import AMQPError
from kombu import Connection, Exchange, Producer, Queue, binding
from kombu.exceptions import KombuError

from crm_contracts.subscriptions import PATTERNS

from .. import crash
from . import (
    BrokerUnavailable,
    Delivery,
    Numbered,
    events_queue,
    messages,
    ticks_queue,
)

CONFIRM_TIMEOUT_S = 5.0
BATCH_TIMEOUT_S = 20.0
"""A broker that confirms slowly is waited for, but not for longer than this: the relay's transaction stands open meanwhile,
and PostgreSQL ends one that is idle for 30 s."""
EVENTS = Exchange("crm.events", type="topic", durable=True)
DEAD_LETTERS = Exchange("crm.dlx", type="direct", durable=True)

_QUEUE_MAX = 500_000
_DEAD_KEPT_MS = 30 * 24 * 3600 * 1000
_TICK_MS = 10_000
_ERRORS = (AMQPError, KombuError, OSError)


def dead_queue_of(service: str) -> Queue:
    """Where RabbitMQ puts messages that a worker could not even read."""
    name = f"crm.{service}.dead"
    arguments = {"x-queue-type": "quorum", "x-message-ttl": _DEAD_KEPT_MS}
    return Queue(
        name,
        exchange=DEAD_LETTERS,
        routing_key=name,
        durable=True,
        queue_arguments=arguments,
    )


def events_queue_of(service: str) -> Queue:
    """The service's events, bound by its patterns. A full queue refuses (the relay keeps the event) instead of dropping."""
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": DEAD_LETTERS.name,
        "x-dead-letter-routing-key": f"crm.{service}.dead",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
        "x-max-length": _QUEUE_MAX,
    }
    bindings = [binding(EVENTS, routing_key=pattern) for pattern in PATTERNS[service]]
    return Queue(events_queue(service), bindings, durable=True, queue_arguments=arguments)


def ticks_queue_of(service: str) -> Queue:
    """The service's ticks: one is enough, and it is stale when the next is due."""
    name = ticks_queue(service)
    arguments = {"x-max-length": 1, "x-message-ttl": _TICK_MS}
    return Queue(name, routing_key=name, durable=True, queue_arguments=arguments)


def worker_queues(service: str) -> list[Queue]:
    """Every queue a service's worker consumes: events and ticks.

    The classic queue comes last on purpose: kombu waits for the broker's answer to the last only, and a quorum queue
    that recovers from a crash may keep a channel waiting for a minute.
    """
    return [*([events_queue_of(service)] if PATTERNS[service] else []), ticks_queue_of(service)]


def declare_all(channel: Any) -> None:
    """Declare every exchange and queue of the system, dead-letter queues first; harmless when they exist."""
    for service, patterns in PATTERNS.items():
        for queue in ([dead_queue_of(service)] if patterns else []) + worker_queues(service):
            queue(channel).declare()


class AmqpBus:
    """Publishes batches: all messages of a batch are sent, then all their confirms awaited.

    A message travels by the type of its events, so those of one type may share one; what that does to the order of a
    record's events, every inbox puts right: it knows their versions.
    """

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._connection: Connection | None = None
        self._channel: Any = None
        self._last_tag = 0
        self._waiting: dict[int, str] = {}
        self._refused: dict[str, str] = {}
        """Messages by the id of their first event: by delivery tag those without an answer, and why others were refused."""

    def declare(self) -> None:
        """Make every queue of the system. Raises BrokerUnavailable."""
        try:
            declare_all(self._open())
        except _ERRORS as error:
            self.close()
            raise BrokerUnavailable(str(error)) from error

    def publish(self, batch: Sequence[Numbered]) -> Delivery:
        """Send a batch and account for every message: confirmed, refused (full queue), returned (no queue) or silent."""
        delivery = Delivery()
        self._waiting, self._refused = {}, {}
        sent: list[Sequence[Numbered]] = []
        ends = time.monotonic() + BATCH_TIMEOUT_S
        try:
            self._open()
            for events in _by_type(batch):
                for each in messages.packed(events):
                    if time.monotonic() > ends:
                        raise TimeoutError(f"the broker took {len(sent)} messages within {BATCH_TIMEOUT_S:g} s")
                    self._send(each)
                    sent.append(each)
            self._await_confirms(ends)
        except _ERRORS as error:
            delivery.failure = f"{type(error).__name__}: {error}"
        unsettled = {*self._waiting.values(), *self._refused}
        settled = [events for events in sent if events[0][0].id not in unsettled]
        delivery.confirmed = {envelope.id for events in settled for envelope, _ in events}
        if self._refused and delivery.failure is None:
            delivery.failure = next(iter(self._refused.values()))
        if delivery.failure is not None:
            self.close()
        return delivery

    def close(self) -> None:
        """Drop the connection without asking the broker, which may be silent."""
        if self._connection is not None:
            self._connection.collect(socket_timeout=0.1)
        self._connection = self._channel = None

    def _open(self) -> Any:
        if self._channel is None:
            options = {
                "read_timeout": CONFIRM_TIMEOUT_S,
                "write_timeout": CONFIRM_TIMEOUT_S,
            }
            self._connection = Connection(self._url, connect_timeout=CONFIRM_TIMEOUT_S, transport_options=options)
            self._connection.connect()
            channel = self._connection.channel()
            declare_all(channel)
            channel.confirm_select()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_nack)
            self._channel, self._last_tag = channel, 0
            self._producer = Producer(channel, exchange=EVENTS, auto_declare=False, on_return=self._on_return)
        return self._channel

    def _send(self, events: Sequence[Numbered]) -> None:
        first = events[0][0]
        for _ in events:
            crash.point("before_publish")
        self._last_tag += 1
        self._waiting[self._last_tag] = first.id
        messages.send(self._producer, events, routing_key=first.type, mandatory=True)

    def _await_confirms(self, ends: float) -> None:
        """Wait for every confirm: 5 s for the first and for each after it, until ``ends`` in all. Raises TimeoutError."""
        assert self._connection is not None
        deadline = min(time.monotonic() + CONFIRM_TIMEOUT_S, ends)
        while self._waiting:
            before = len(self._waiting)
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{before} messages were not confirmed in time")
            self._connection.drain_events(timeout=left_s)
            if len(self._waiting) < before:
                deadline = min(time.monotonic() + CONFIRM_TIMEOUT_S, ends)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        for settled in self._settled(tag, multiple):
            self._waiting.pop(settled, None)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        for settled in self._settled(tag, multiple):
            if message_id := self._waiting.pop(settled, None):
                self._refused[message_id] = "the broker refused the message: a queue is full"

    def _on_return(self, error: Exception, _exchange: str, routing_key: str, message: Any) -> None:
        self._refused[message.properties["correlation_id"]] = f"no queue takes {routing_key}: {error}"

    def _settled(self, tag: int, multiple: bool) -> list[int]:
        return [each for each in self._waiting if each <= tag] if multiple else [tag]


def _by_type(batch: Sequence[Numbered]) -> list[Sequence[Numbered]]:
    """The events of a batch under the routing key they share, each type in its order."""
    found: dict[str, list[Numbered]] = {}
    for envelope, pos in batch:
        found.setdefault(envelope.type, []).append((envelope, pos))
    return list(found.values())
