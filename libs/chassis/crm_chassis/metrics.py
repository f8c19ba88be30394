"""Prometheus metrics of a process, on a registry of our own so that tests can start fresh processes side by side."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter("crm_http_requests_total", "Requests answered", ["route", "method", "status"], registry=REGISTRY)
LATENCY = Histogram(
    "crm_http_request_seconds",
    "Time to answer",
    ["route", "method"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def method_label(method: str) -> str:
    """The method as a label: callers may invent methods, and every label's value is kept for ever."""
    return method if method in _METHODS else "other"
