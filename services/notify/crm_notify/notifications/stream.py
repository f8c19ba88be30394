"""The live stream: server-sent events of one user's notifications.

A stream holds no database connection while nothing happens. One thread per web process, the ``Hub``, listens for all
of them: to Redis, and to the mailboxes table, each second where there is no Redis. Source of the format: WHATWG HTML,
section "Server-sent events".
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import FrameType
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crm_chassis.database import system_transaction
from crm_chassis.http import to_bytes
from crm_chassis.service import Runtime

from . import queries, wakes
from .collection import notifications
from .models import Notification

log = structlog.get_logger("stream")

STREAMS_PER_USER = 12
"""Open streams one user may have in one process: windows, a telephone, and what a reload left behind. One more ends the
oldest, which most likely is such a left-behind one: a closed line shows only when something is written to it."""

HEARTBEAT_S = 15.0
LIFE_S = 600.0
"""A stream ends by itself after so long and the browser opens it again, so that lost rights take effect."""

_RECONNECT_MS = 2000
_RECONNECT_LATER_MS = 60_000
"""For a stream that made place for another: a window that is still there asks at intervals meanwhile."""
_TURN_S = 1.0
_LOOK_S_WITH_REDIS = 10.0


class Waiter:
    """One open stream's place in the hub."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.displaced = False
        self._rung = threading.Event()

    def ring(self) -> None:
        """Something came, or the process stops."""
        self._rung.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until rung; False when the time is over first."""
        rung = self._rung.wait(timeout_s)
        self._rung.clear()
        return rung


class Hub:
    """The open streams of one process, and the thread that rings them."""

    def __init__(self, runtime: Runtime) -> None:
        self.closing = False
        self._runtime = runtime
        self._waiters: dict[UUID, dict[Waiter, None]] = defaultdict(dict)  # oldest first
        self._heads: dict[UUID, int] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def enter(self, user_id: UUID) -> Waiter:
        """Take a place for a user's stream; the oldest of STREAMS_PER_USER makes place and ends."""
        with self._lock:
            places = self._waiters[user_id]
            if len(places) >= STREAMS_PER_USER:
                oldest = next(iter(places))
                del places[oldest]
                oldest.displaced = True
                oldest.ring()
            waiter = Waiter(user_id)
            places[waiter] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="stream hub", daemon=True)
                self._thread.start()
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Give the place back; leaving twice does nothing."""
        with self._lock:
            places = self._waiters[waiter.user_id]
            places.pop(waiter, None)
            if not places:
                del self._waiters[waiter.user_id]
                self._heads.pop(waiter.user_id, None)

    def open_streams(self) -> int:
        """How many streams are open in this process."""
        with self._lock:
            return sum(map(len, self._waiters.values()))

    def _run(self) -> None:
        listen = self._listen_to_redis() if self._runtime.settings.redis_url else self._sleep
        next_look = 0.0
        while self._occupied():
            try:
                listen()
                if self.closing:
                    self._ring(self._users())
                elif time.monotonic() >= next_look:
                    self._look()
                    pause_s = _LOOK_S_WITH_REDIS if self._runtime.settings.redis_url else _TURN_S
                    next_look = time.monotonic() + pause_s
            except (RedisError, OperationalError, PoolTimeout, OSError) as error:
                log.warning("hub_trouble", error=str(error))
                next_look = 0.0
                self._sleep()

    def _occupied(self) -> bool:
        with self._lock:
            if not self._waiters:
                self._thread = None
            return bool(self._waiters)

    def _sleep(self) -> None:
        time.sleep(_TURN_S)

    def _listen_to_redis(self) -> Callable[[], None]:
        subscription = wakes.connection(self._runtime.settings.redis_url).pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )

        def listen() -> None:
            if not subscription.subscribed:
                subscription.subscribe(wakes.CHANNEL)
            message = subscription.get_message(timeout=_TURN_S)
            if message:
                self._ring({UUID(user_id) for user_id in message["data"].split(",")})

        return listen

    def _look(self) -> None:
        """Ring the streams of users whose mailbox has grown since the last look."""
        with self._runtime.activate(), system_transaction() as session:
            heads = queries.last_numbers(session, self._users())
        grown = {user_id for user_id, number in heads.items() if number != self._heads.get(user_id)}
        with self._lock:
            self._heads = heads
        self._ring(grown)

    def _users(self) -> set[UUID]:
        with self._lock:
            return set(self._waiters)

    def _ring(self, users: set[UUID]) -> None:
        with self._lock:
            chosen = [waiter for user_id in users for waiter in self._waiters.get(user_id, ())]
        for waiter in chosen:
            waiter.ring()


@lru_cache(maxsize=8)
def hub_of(runtime: Runtime) -> Hub:
    """The hub of a runtime in this process."""
    return Hub(runtime)


def events(runtime: Runtime, waiter: Waiter, last: int, heartbeat_s: float = HEARTBEAT_S) -> Iterator[bytes]:
    """The body of a stream: what came after number ``last``, then whatever comes, each with its number as id."""
    hub, ends = hub_of(runtime), time.monotonic() + LIFE_S
    yield b"retry: %d\n\n" % _RECONNECT_MS
    while not hub.closing and time.monotonic() < ends:
        if waiter.displaced:
            yield b"retry: %d\n\n" % _RECONNECT_LATER_MS
            return
        rows = _after(runtime, waiter.user_id, last)
        for row in rows:
            yield _event(row)
            last = row.number
        if len(rows) < queries.PAGE and not waiter.wait(heartbeat_s):
            yield b": still here\n\n"


def end(hub: Hub, waiter: Waiter, line: socket.socket | None) -> None:
    """Give the place back, and let the server close the connection instead of waiting for another request on it.

    line: the connection as gunicorn hands it to the application; a stopping worker waits for those that are kept alive.
    """
    hub.leave(waiter)
    if line is not None:
        with contextlib.suppress(OSError):  # the other side was quicker
            line.shutdown(socket.SHUT_RD)


def head(runtime: Runtime, user_id: UUID) -> int:
    """The number after which a stream begins that asks for nothing older."""
    with runtime.activate(), system_transaction() as session:
        return queries.last_numbers(session, [user_id]).get(user_id, 0)


def _after(runtime: Runtime, user_id: UUID, last: int) -> list[Notification]:
    with runtime.activate(), system_transaction() as session:
        return list(queries.after(session, user_id, last))


def _event(row: Notification) -> bytes:
    document = to_bytes(notifications.dump(row))
    return b"id: %d\nevent: notification\ndata: %s\n\n" % (row.number, document)


def end_streams_on_stop(runtime: Runtime) -> None:
    """Let a stopping web process end its streams at once, so that it need not wait for browsers.

    Only where a server has its own handler for SIGTERM, which is called after this one.
    """
    before: Any = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        return

    def stop(number: int, frame: FrameType | None) -> None:
        hub_of(runtime).closing = True
        before(number, frame)

    signal.signal(signal.SIGTERM, stop)
