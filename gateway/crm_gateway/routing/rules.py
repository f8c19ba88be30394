"""Pure decisions of routing: which service, how long, whether again."""

from __future__ import annotations

import re
from typing import Protocol

from crm_contracts.permissions import SERVICE_OF_PATH
from crm_contracts.services import SERVICES

API = "/api/v1/"


class Segments(Protocol):
    """First segment of a path -> the service that describes it."""

    def get(self, segment: str) -> str | None:
        """The service, or None."""


_OPEN: dict[str, str] = {"public": "sales", "portal": "service-desk", "activities.ics": "customer"}
"""First segments that people reach without signing in here: web forms, the customers' portal, calendar feeds."""

OWN = frozenset({"auth", "permissions", "openapi.json", "docs", "cells", "system"})
"""First segments that only the gateway answers and that are no resource of the catalogue."""

READ_S, SLOW_READ_S = 5.0, 30.0
_SLOW = frozenset({"imports", "exports", "attachments", "file", "rejected", "reports", "bulk"})
_SLOW_ENDINGS = (".pdf", ".ics", ".vcf", ".xlsx", ".csv")
_STREAM = re.compile(r"/api/v1/notifications/stream/?\Z")

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_AGAIN = frozenset({502, 503})

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}\Z")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


def service_of(path: str, described: Segments) -> str | None:
    """The service that answers a path below /api/v1, or None.

    described: what the services' own descriptions name and the permissions catalogue does not.
    """
    first, _, rest = path.removeprefix(API).partition("/")
    if first == "jobs":
        service = rest.partition("/")[0].rpartition(".")[0]
        return service if service in SERVICES else None
    if first in OWN:
        return "gateway"
    return SERVICE_OF_PATH.get(first) or _OPEN.get(first) or described.get(first)


def is_open(path: str) -> bool:
    """Whether the path is for people who do not sign in here."""
    return path.removeprefix(API).partition("/")[0] in _OPEN


def read_timeout_s(path: str) -> float | None:
    """How long a service may take: 5 s, 30 s for files and reports, for ever (None) for the live stream."""
    if _STREAM.match(path):
        return None
    slow = not _SLOW.isdisjoint(path.split("/")) or path.endswith(_SLOW_ENDINGS)
    return SLOW_READ_S if slow else READ_S


def may_repeat(method: str, key: str | None) -> bool:
    """Whether doing it twice does no harm: it changes nothing, or carries an Idempotency-Key."""
    return method in SAFE or bool(key)


def asks_for_repeat(status: int) -> bool:
    """Whether an answer means that the service did not get to it."""
    return status in _AGAIN


def request_id(given: str | None) -> str | None:
    """The client's own request id when it is a sane one."""
    return given if given and _REQUEST_ID.match(given) else None


def traceparent(given: str | None) -> str | None:
    """The client's trace context (W3C) when it is a valid one."""
    return given if given and _TRACEPARENT.match(given) else None
