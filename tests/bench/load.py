"""Clients for the bench: one after another for the time of a call, sixteen at once for calls a second."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

Call = Callable[[int], tuple[str, str, bytes | None, dict[str, str]]]
"""number -> (method, url, body, headers)"""


@dataclass(frozen=True)
class Measured:
    """p50 and p95 of one client in milliseconds, and calls a second of sixteen."""

    p50_ms: float
    p95_ms: float
    per_s: float


def measure(call: Call, *, calls: int = 300, clients: int = 16, seconds: float = 4.0) -> Measured:
    """Warm up, then measure one client and many."""
    for number in range(30):
        _one(_pool(call), call, number)
    pool = _pool(call)
    times = [_one(pool, call, 1000 + number) for number in range(calls)]
    cuts = statistics.quantiles(times, n=20)
    return Measured(statistics.median(times) * 1000, cuts[18] * 1000, _throughput(call, clients, seconds))


def _pool(call: Call) -> urllib3.HTTPConnectionPool:
    parts = urlsplit(call(0)[1])
    return urllib3.HTTPConnectionPool(str(parts.hostname), parts.port, maxsize=1)


def _one(pool: urllib3.HTTPConnectionPool, call: Call, number: int) -> float:
    method, url, body, headers = call(number)
    began = time.perf_counter()
    answer = pool.request(method, url, body=body, headers=headers, retries=False)
    took = time.perf_counter() - began
    assert answer.status < 400, (method, url, answer.status, answer.data[:500])
    return took


def _throughput(call: Call, clients: int, seconds: float) -> float:
    done = [0] * clients
    until = time.perf_counter() + seconds

    def client(index: int) -> None:
        pool = _pool(call)
        number = 10_000 * (index + 1)
        while time.perf_counter() < until:
            _one(pool, call, number)
            number += 1
            done[index] += 1

    threads = [threading.Thread(target=client, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds
