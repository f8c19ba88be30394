"""Passing a call on to a service and its answer back, streaming both."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from crm_chassis import deadline, errors, identity
from crm_chassis.language import say

from . import rules
from .upstreams import CONNECT_S, RETRIED, Slot, Upstream

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = frozenset(
    {"host", "content-length", "expect", "cookie", "authorization", "x-csrf-token", "x-request-id", "traceparent"}
)
_NOT_BACK = _HOP_BY_HOP | {"server", "date", "x-request-id"}

_SMALL = 65_536
_PIECE = 65_536
_JITTER_S = (0.01, 0.06)
_BODILESS = frozenset({204, 304})
_FAILURES = frozenset({502, 503, 504})
_CUT_SHORT = say("The body ended before its Content-Length.")


class Body:
    """The request's body: small ones are kept so that they can be sent again, others stream through once."""

    def __init__(self, environ: Environ, most: int) -> None:
        length = environ.get("CONTENT_LENGTH") or ""
        self.length: int | None = int(length) if length.isascii() and length.isdigit() else None
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if (self.length or 0) > most:
            raise errors.TooLarge(say("Send {most} MB at most.", most=most // 1_048_576))
        self._source = environ["wsgi.input"] if self.length or chunked else None
        self._most = most
        self._read = 0
        self.kept: bytes | None = b"" if self._source is None else None
        if self._source is not None and self.length and self.length <= _SMALL:
            self.kept = self._piece(self.length)
            if len(self.kept) < self.length:
                raise errors.BadRequest(_CUT_SHORT)

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again."""
        return self.kept is not None

    def content(self) -> bytes | Body | None:
        """What to hand to the connection."""
        return (self.kept or None) if self.repeatable else self

    def read(self, size: int = _PIECE) -> bytes:
        """The next piece. Raises TooLarge when a body of unknown length grows too long, BadRequest when it stops early."""
        piece = self._piece(min(size, _PIECE))
        self._read += len(piece)
        if self._read > self._most:
            raise errors.TooLarge(say("The body is too long."))
        if not piece and self._read < (self.length or 0):
            raise errors.BadRequest(_CUT_SHORT)
        return piece

    def _piece(self, size: int) -> bytes:
        """What the client sent next. Its hanging up is no failure of the service that the body is for."""
        if self._source is None:
            return b""
        try:
            return bytes(self._source.read(size))
        except OSError as error:
            raise errors.BadRequest(_CUT_SHORT) from error


def forward(
    upstream: Upstream, environ: Environ, target: str, headers: dict[str, str], body: Body
) -> tuple[BaseHTTPResponse, Slot]:
    """Call the service, once more when that is safe and it seems to have missed the call, within the retry budget.

    Answers the response, its body not read yet, and the bulkhead's slot, which the reader gives back. Raises
    Unavailable.
    """
    method = environ["REQUEST_METHOD"]
    may_repeat = rules.may_repeat(method, environ.get("HTTP_IDEMPOTENCY_KEY")) and body.repeatable
    read_s = rules.read_timeout_s(environ["PATH_INFO"])
    with upstream.slot() as slot:
        upstream.budget.earn()
        answer = _once(upstream, method, target, headers, body, read_s)
        if (answer is None or rules.asks_for_repeat(answer.status)) and may_repeat and upstream.budget.spend():
            RETRIED.labels(upstream.service).inc()
            if answer is not None:
                answer.drain_conn()
                answer.release_conn()
            time.sleep(random.uniform(*_JITTER_S))
            answer = _once(upstream, method, target, headers, body, read_s)
        if answer is None:
            raise errors.Unavailable(code="upstream_unreachable", headers={"Retry-After": "1"})
        return answer, slot


def _once(
    upstream: Upstream, method: str, target: str, headers: dict[str, str], body: Body, read_s: float | None
) -> BaseHTTPResponse | None:
    """One call; None when the service could not be reached or hung up. Raises Unavailable when it took too long."""
    if read_s is not None:
        headers[deadline.HEADER] = str(int(read_s * 1000))
    try:
        answer = upstream.pool.urlopen(
            method,
            upstream.prefix + target,
            body=body.content(),  # type: ignore[arg-type]
            headers=headers,
            retries=False,
            redirect=False,
            timeout=Timeout(connect=CONNECT_S, read=read_s),
            preload_content=False,
            decode_content=False,
        )
    except ReadTimeoutError as error:
        upstream.failed()
        raise errors.Unavailable(
            say("This took too long; try again shortly."), code="upstream_timeout", headers={"Retry-After": "2"}
        ) from error
    except (NewConnectionError, ProtocolError, HTTPError):
        upstream.failed()
        return None
    if answer.status in _FAILURES:
        upstream.failed()
    else:
        upstream.worked()
    return answer


def headers_for(
    environ: Environ, *, token: str | None, request_id: str, traceparent: str, keep_own: bool
) -> dict[str, str]:
    """The headers the service gets: the client's without what is between the client and us, and the identity.

    keep_own: leave the client's own Authorization and Cookie, for services that sign people in themselves.
    """
    named = {word.strip().lower() for word in environ.get("HTTP_CONNECTION", "").split(",")}
    headers = {}
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            header = name[5:].replace("_", "-").lower()
            if header in _HOP_BY_HOP or header in named or (header in _OURS and not (keep_own and header in _KEPT)):
                continue
            headers[header] = value
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    headers["x-request-id"], headers["traceparent"] = request_id, traceparent
    headers["x-forwarded-for"] = environ.get("REMOTE_ADDR", "")
    headers["x-forwarded-host"] = environ.get("HTTP_HOST", "")
    headers["x-forwarded-proto"] = environ.get("wsgi.url_scheme", "http")
    if token:
        headers[identity.HEADER] = token
    return headers


_KEPT = frozenset({"authorization", "cookie"})


def headers_back(answer: BaseHTTPResponse) -> list[tuple[str, str]]:
    """The headers of the service's answer that the client gets."""
    return [
        (name, value)
        for name, value in answer.headers.items()
        if name.lower() not in _NOT_BACK and not name.lower().startswith("x-banyan-")
    ]


def is_ours_to_show(answer: BaseHTTPResponse) -> bool:
    """Whether the answer may pass as it is: an error page that is no problem document would tell internals."""
    return answer.status < 500 or "problem+json" in answer.headers.get("Content-Type", "")


class Answer:
    """The service's body on its way to the client. Closing gives back connection and slot, read to the end or not."""

    def __init__(self, answer: BaseHTTPResponse, slot: Slot) -> None:
        self._answer = answer
        self._slot = slot
        self._ended = False
        if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
            # A stream lives for hours: it must not hold a place among the calls.
            slot.give_back()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces()
            self._ended = True
        except HTTPError as error:
            # The status has gone out already; hanging up is the only way to say that the rest is missing.
            raise ConnectionError("the service stopped in the middle of its answer") from error

    def _pieces(self) -> Iterable[bytes]:
        if self._answer.chunked:
            return self._answer.read_chunked(decode_content=False)
        return iter(lambda: self._answer.read1(_PIECE, decode_content=False), b"")

    def close(self) -> None:
        """Give everything back; a connection with an unread rest is closed."""
        self._slot.give_back()
        if self._ended:
            self._answer.release_conn()
        else:
            self._answer.close()


def whole(answer: BaseHTTPResponse, slot: Slot) -> list[bytes] | None:
    """The body at once when it is small, which frees the connection before the client has taken it; else None."""
    length = "0" if answer.status in _BODILESS else answer.headers.get("Content-Length")
    if length is None or int(length) > _SMALL:
        return None
    try:
        return [answer.read(decode_content=False)]
    except HTTPError as error:
        raise errors.Unavailable(code="upstream_unreachable", headers={"Retry-After": "1"}) from error
    finally:
        slot.give_back()
        answer.release_conn()
