"""One service behind the gateway: its connections, and the protection around them.

A breaker stops calling a service that fails, a bulkhead keeps a slow one from taking every worker, and a budget keeps
retries from doubling the load of one that is struggling.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import Counter, Gauge
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection

from crm_chassis import errors, metrics

CONNECT_S = 1.0
CONCURRENT_MAX = 64
_IDLE_MAX_S = 60.0
"""Shorter than the services' keep-alive (75 s), so that it is never they who close a connection being used."""

OPENED = Counter("crm_gateway_breaker_opened_total", "Breaker openings", ["service"], registry=metrics.REGISTRY)
REFUSED = Counter("crm_gateway_refused_total", "Calls not made", ["service", "why"], registry=metrics.REGISTRY)
RETRIED = Counter("crm_gateway_retried_total", "Calls made again", ["service"], registry=metrics.REGISTRY)
BUSY = Gauge("crm_gateway_busy", "Calls under way", ["service"], registry=metrics.REGISTRY)


@dataclass
class Breaker:
    """Lets calls pass while it is closed, and none while it is open.

    Five failures in a row open it for a second, then two, four, 16 at most. Then it is half open: one call tries, and
    decides.
    """

    threshold: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = 16.0
    failures: int = 0
    openings: int = 0
    open_until: float = 0.0
    probing: bool = False

    def admit(self, now: float) -> float:
        """0 when a call may be made, else the seconds to wait. A half-open breaker admits one call at a time."""
        if self.failures < self.threshold:
            return 0.0
        if now < self.open_until:
            return self.open_until - now
        if self.probing:
            return self.first_pause_s
        self.probing = True
        return 0.0

    def succeeded(self) -> None:
        """The service answered: close."""
        self.failures = self.openings = 0
        self.probing = False

    def failed(self, now: float) -> bool:
        """The service failed; True when this opened the breaker."""
        self.failures += 1
        self.probing = False
        if self.failures < self.threshold:
            return False
        self.open_until = now + min(self.first_pause_s * 2**self.openings, self.longest_pause_s)
        self.openings += 1
        return True

    def abandoned(self) -> None:
        """The call ended without telling anything about the service (the client went away)."""
        self.probing = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half_open``."""
        if self.failures < self.threshold:
            return "closed"
        return "half_open" if self.probing else "open"


@dataclass
class RetryBudget:
    """One retry for every ten calls, and ten saved up at most."""

    share: float = 0.1
    most: float = 10.0
    saved: float = 10.0

    def earn(self) -> None:
        """A call was made."""
        self.saved = min(self.most, self.saved + self.share)

    def spend(self) -> bool:
        """Whether a retry may be made; takes it off."""
        if self.saved < 1:
            return False
        self.saved -= 1
        return True


class _Fresh:
    """Connections that have idled too long are closed before they are used again."""

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)  # type: ignore[misc]

    def _get_conn(self, timeout: float | None = None) -> HTTPConnection:
        conn: HTTPConnection = super()._get_conn(timeout)  # type: ignore[misc]
        if conn.sock is not None and time.monotonic() - getattr(conn, "idle_since", 0.0) > _IDLE_MAX_S:
            conn.close()
        return conn


class _Pool(_Fresh, HTTPConnectionPool):
    pass


class _TlsPool(_Fresh, HTTPSConnectionPool):
    pass


@dataclass
class Upstream:
    """A service and what protects us from it."""

    service: str
    url: str
    concurrent_max: int = CONCURRENT_MAX
    breaker: Breaker = field(default_factory=Breaker)
    budget: RetryBudget = field(default_factory=RetryBudget)
    busy: int = 0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        made = _TlsPool if parts.scheme == "https" else _Pool
        self.prefix = parts.path.rstrip("/")
        OPENED.labels(self.service)  # told as 0 from the start, or its first opening would be no increase
        self.pool = made(parts.hostname or "127.0.0.1", parts.port, maxsize=self.concurrent_max, block=False)

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """A place among the calls under way. Raises Unavailable when the breaker is open or all places are taken."""
        wait_s = self.breaker.admit(time.monotonic())
        if wait_s > 0:
            self._refuse("breaker", wait_s)
        if self.busy >= self.concurrent_max:
            self.breaker.abandoned()
            self._refuse("bulkhead", 1)
        tries = self.breaker.probing  # nobody else is let in meanwhile, so the trial is this call
        held = Slot(self)
        try:
            yield held
        except BaseException:
            held.give_back()
            if tries:
                self.breaker.abandoned()
            raise

    def worked(self) -> None:
        """The service answered."""
        self.breaker.succeeded()

    def failed(self) -> None:
        """The service did not answer, or said that it cannot."""
        if self.breaker.failed(time.monotonic()):
            OPENED.labels(self.service).inc()

    def _refuse(self, why: str, wait_s: float) -> None:
        REFUSED.labels(self.service, why).inc()
        raise errors.Unavailable(code=f"upstream_{why}", headers={"Retry-After": str(max(1, round(wait_s)))})


class Slot:
    """A place in the bulkhead; given back once, however often that is asked."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream: Upstream | None = upstream
        upstream.busy += 1
        BUSY.labels(upstream.service).inc()

    def give_back(self) -> None:
        """Let the next call in."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.busy -= 1
            BUSY.labels(upstream.service).dec()


def upstreams(peers: Mapping[str, str]) -> dict[str, Upstream]:
    """The services behind the gateway, by name."""
    return {service: Upstream(service, url) for service, url in peers.items() if service != "gateway"}
