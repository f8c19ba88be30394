"""Structured logs: one JSON object a line, with the request id and trace of the work that wrote it."""

from __future__ import annotations

import logging
import re
import sys
from contextvars import ContextVar

import structlog

_request_id: ContextVar[str | None] = ContextVar("crm_request_id", default=None)
_traceparent: ContextVar[str | None] = ContextVar("crm_traceparent", default=None)
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def request_id() -> str | None:
    """The id of the request or event being handled, None outside of both."""
    return _request_id.get()


def traceparent() -> str | None:
    """The W3C trace context of the request or event being handled, None outside of both."""
    return _traceparent.get()


def set_request_id(value: str | None, traceparent: str | None = None) -> None:
    """Name the work that starts now; later log lines and events carry it.

    traceparent: W3C trace context as it came in; anything else than its form is left out.
    """
    trace = _TRACEPARENT.fullmatch(traceparent or "")
    _request_id.set(value)
    _traceparent.set(traceparent if trace else None)
    structlog.contextvars.clear_contextvars()
    if value:
        structlog.contextvars.bind_contextvars(request_id=value)
    if trace:
        structlog.contextvars.bind_contextvars(trace_id=trace[1])


def configure(service: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's logging to standard error as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _service_of(service),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("amqp", "kombu", "celery", "celery.redirected", "urllib3", "alembic.runtime"):
        logging.getLogger(noisy).setLevel("WARNING")


def _service_of(service: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add
