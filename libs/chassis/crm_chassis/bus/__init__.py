"""The broker behind one interface. PostgreSQL holds the truth; a broker only makes it arrive sooner.

``BROKER_URL`` chooses: ``amqp://`` RabbitMQ, ``redis://`` Redis or Valkey, ``poll://`` no broker at all (the sweepers
read each other's feeds every second).
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from crm_contracts.envelope import Envelope

EVENT_TASK = "crm.event"
EVENTS_TASK = "crm.events"
TICK_TASK = "crm.tick"

Numbered = tuple[Envelope, int]
"""An event and its ``pos``."""

_DEFAULT_PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}


@dataclass(slots=True)
class Delivery:
    """What became of a batch: the ids the broker confirmed, and why the others were not, None when all were."""

    confirmed: set[str] = field(default_factory=set)
    failure: str | None = None


class Bus(Protocol):
    """A transport for events. One thread uses it at a time."""

    def declare(self) -> None:
        """Make every queue the events of this service need. Raises BrokerUnavailable."""

    def publish(self, batch: Sequence[Numbered]) -> Delivery:
        """Send events with their ``pos``, in order, and wait until the broker has them; never raises for the broker."""

    def close(self) -> None:
        """Drop the connection; the next call opens another."""


class BrokerUnavailable(ConnectionError):
    """The broker does not answer."""


def events_queue(service: str) -> str:
    """The queue of the events a service hears."""
    return f"crm.{service}.events"


def ticks_queue(service: str) -> str:
    """The queue of the ticks that make a service look at its due rows."""
    return f"crm.{service}.ticks"


def scheme_of(broker_url: str) -> str:
    """``amqp``, ``redis`` or ``poll``. Raises ValueError for anything else."""
    scheme = urlsplit(broker_url).scheme
    for known, schemes in {
        "amqp": ("amqp", "amqps"),
        "redis": ("redis", "rediss"),
        "poll": ("poll",),
    }.items():
        if scheme in schemes:
            return known
    raise ValueError(f"BROKER_URL must start with amqp://, redis:// or poll://, not {scheme}://")


def open_bus(broker_url: str) -> Bus:
    """The transport for a broker URL; it connects when it is first used."""
    match scheme_of(broker_url):
        case "amqp":
            from .amqp import AmqpBus

            return AmqpBus(broker_url)
        case "redis":
            from .redis import RedisBus

            return RedisBus(broker_url)
    from .poll import PollBus

    return PollBus()


def reachable(broker_url: str, timeout_s: float = 1.0) -> bool:
    """Whether something accepts connections where the broker should be; ``poll://`` never does."""
    if scheme_of(broker_url) == "poll":
        return False
    parts = urlsplit(broker_url)
    try:
        address = (
            parts.hostname or "127.0.0.1",
            parts.port or _DEFAULT_PORTS[parts.scheme],
        )
        socket.create_connection(address, timeout=timeout_s).close()
    except OSError:
        return False
    return True
