"""Which service hears which events.

The patterns are AMQP topic patterns over event types: ``*`` is one word, ``#`` any number of words. RabbitMQ binds
queues with them, the Redis transport and the sweepers match with them here, and a test holds every service's handlers
to them.
"""

from __future__ import annotations

import re
from functools import cache

_IDENTITY = ("crm.gateway.org-unit.*.v1", "crm.gateway.user.*.v1")
_CUSTOMERS = ("crm.customer.customer.*.v1",)

PATTERNS: dict[str, tuple[str, ...]] = {
    "gateway": ("crm.*.export.finished.v1",),
    "customer": (*_IDENTITY, "crm.sales.#", "crm.service-desk.#", "crm.expenses.#"),
    "sales": (
        *_IDENTITY,
        *_CUSTOMERS,
        "crm.customer.lead-conversion.*.v1",
        "crm.workflow.approval.decided.v1",
        "crm.workflow.approval.withdrawn.v1",
    ),
    "service-desk": (*_IDENTITY, *_CUSTOMERS, "crm.customer.contact.*.v1"),
    "expenses": (
        *_IDENTITY,
        *_CUSTOMERS,
        "crm.sales.opportunity.*.v1",
        "crm.sales.order.*.v1",
        "crm.service-desk.request.*.v1",
        "crm.workflow.approval.decided.v1",
        "crm.workflow.approval.withdrawn.v1",
    ),
    "workflow": (
        *_IDENTITY,
        "crm.gateway.role.changed.v1",
        "crm.*.approval.requested.v1",
        "crm.*.approval.cancelled.v1",
    ),
    "notify": ("crm.#",),
    "insight": ("crm.#",),
}
"""Service -> the patterns of the event types it receives."""


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    words = [r"[^.]+" if word == "*" else r".*" if word == "#" else re.escape(word) for word in pattern.split(".")]
    return re.compile(r"\.".join(words))


def matches(pattern: str, event_type: str) -> bool:
    """Whether an AMQP topic pattern covers the event type (``#`` is used at the end only)."""
    return _expression(pattern).fullmatch(event_type) is not None


@cache
def subscribers_of(event_type: str) -> tuple[str, ...]:
    """The services that receive the type, in the order of SERVICES; nobody receives an event twice."""
    return tuple(
        service for service, patterns in PATTERNS.items() if any(matches(pattern, event_type) for pattern in patterns)
    )
