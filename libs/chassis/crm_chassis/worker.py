"""The worker process: Celery for what the broker brings, threads for what is due in the database.

Celery's threads bring events only, and take turns in handling what waits. Ticks merely wake the threads that look at
due rows, so a long job never holds a message, and without any broker the same threads do all of it.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from celery import Celery, signals
from celery.exceptions import Reject

from crm_contracts.envelope import Envelope, InvalidEnvelope

from . import crash, inbox, jobs, process_beats, schedules
from .background import Loop, Pulse
from .bus import EVENT_TASK, EVENTS_TASK, TICK_TASK, scheme_of
from .bus.celery_app import EventCelery, celery_app
from .database import system_transaction
from .sweeper import Sweeper

if TYPE_CHECKING:
    from .service import Runtime

log = structlog.get_logger()

_STOP_WITHIN_S = 20.0
_CHORES_S = 30.0
_SIGN_S = 5.0
_HANGS_AFTER_S = 300.0
"""Longer than anything takes between two transactions: a statement is ended after 15 s, a call to others sooner."""
_DATABASE_PATIENCE_S = 45.0  # shorter than Redis' visibility time-out of 60 s


def run_worker(runtime: Runtime) -> None:
    """Work until SIGTERM or SIGINT, then finish what is at hand and return."""
    polling = scheme_of(runtime.settings.broker_url) == "poll"
    loops = background_loops(runtime, polling)
    app = None if polling else make_app(runtime, loops)
    sign = sign_loop(runtime, loops, app.pulse if app else None)
    running = [*loops.values(), sign]
    for loop in running:
        loop.start()
    try:
        if app is None:
            _wait_for_signal()
        else:
            _run_celery(app)
    finally:
        deadline = time.monotonic() + _STOP_WITHIN_S
        for loop in reversed(running):  # the sign first: what was told to stop does not hang
            loop.stop(max(0.0, deadline - time.monotonic()))


def background_loops(runtime: Runtime, polling: bool) -> dict[str, Loop]:
    """The threads of a worker by name: sweeper, chores (schedules) and jobs."""
    sweeper = Sweeper(runtime)
    return {
        "sweeper": Loop("sweeper", 1.0, sweeper.step),
        "chores": Loop("chores", 1.0 if polling else _CHORES_S, lambda: schedules.run_due(runtime)),
        "jobs": Loop("jobs", 1.0, lambda: jobs.run_due(runtime) > 0),
    }


def sign_loop(runtime: Runtime, loops: Mapping[str, Loop], consuming: Pulse | None) -> Loop:
    """The thread that gives the worker's sign of life."""

    def sign() -> None:  # it answers nothing: True would have the loop turn again at once
        give_sign(runtime, loops, consuming)

    return Loop("sign", _SIGN_S, sign)


def give_sign(
    runtime: Runtime, loops: Mapping[str, Loop], consuming: Pulse | None = None, hangs_after_s: float = _HANGS_AFTER_S
) -> bool:
    """Renew the worker's sign of life unless something in it hangs; answers whether it was given.

    A handler that hangs holds the turn that the sweeper waits for, so it shows there. A job may take as long as it
    likes, its lease says whether it goes on; but its thread must live.
    """
    still = {name: loop.still_s for name, loop in loops.items()} | {"consumer": consuming.still_s if consuming else 0.0}
    if not math.isinf(still["jobs"]):
        still["jobs"] = 0.0
    if hanging := sorted(name for name, still_s in still.items() if still_s > hangs_after_s):
        log.error("worker_hangs", loops=hanging)
        return False
    process_beats.beat(runtime, "worker")
    return True


def make_app(runtime: Runtime, loops: Mapping[str, Loop]) -> EventCelery:
    """The Celery application with its two tasks."""
    app = celery_app(runtime)
    turns = Turns(runtime)

    @app.task(name=EVENT_TASK, bind=True)
    def event(task: Any, document: dict[str, Any], pos: int | None = None) -> None:
        redelivered = bool((task.request.delivery_info or {}).get("redelivered"))
        handle_message(turns, document, pos, redelivered=redelivered)

    @app.task(name=EVENTS_TASK)
    def events(documents: list[Any]) -> None:
        take_in(runtime, documents)
        loops["sweeper"].wake()

    @app.task(name=TICK_TASK, acks_late=False)
    def tick() -> None:
        loops["chores"].wake()
        loops["jobs"].wake()

    return app


def take_in(runtime: Runtime, documents: list[Any]) -> None:
    """Put a backlog's events into the inbox, from where they are handled by the batch.

    Raises Reject for what are no events and when the database stays away; the sweeper then brings the good ones.
    """
    try:
        found = [(pos, Envelope.from_dict(document)) for document, pos in documents]
    except (InvalidEnvelope, TypeError, ValueError) as error:
        log.error("message_is_no_event", error=str(error))
        raise Reject(str(error), requeue=False) from error

    def put() -> None:
        with runtime.activate(), system_transaction() as session:
            for _ in found:
                crash.point("in_receive")
            inbox.take_in(session, found)

    _patiently(found[0][1].id, put)


@dataclass(eq=False, slots=True)
class _Message:
    envelope: Envelope
    pos: int | None
    redelivered: bool
    settled: bool = False
    failure: Exception | None = None


class Turns:
    """Lets the threads that bring messages take turns, and handles in one transaction what waits at the same time.

    Alone, a message is handled at once. Those that come meanwhile are handled together by whoever has the next turn
    (a group commit): that is how a worker keeps up with a burst.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: deque[_Message] = deque()

    @property
    def waiting(self) -> int:
        """How many messages wait for their turn."""
        return len(self._waiting)

    def receive(self, envelope: Envelope, pos: int | None, *, redelivered: bool) -> None:
        """Put one message through the inbox. Raises DatabaseAway when nothing at all could be written."""
        mine = _Message(envelope, pos, redelivered)
        self._waiting.append(mine)
        with self._runtime.handling:
            if not mine.settled:
                self._handle(mine)
        if mine.failure is not None:
            raise mine.failure

    def _handle(self, first: _Message) -> None:
        waiting = [first, *(self._waiting.popleft() for _ in range(len(self._waiting)))]
        fresh = {id(each): each for each in waiting if not each.redelivered}.values()
        if len(fresh) > 1 and inbox.receive_together(self._runtime, [(each.envelope, each.pos) for each in fresh]):
            for each in fresh:
                each.settled = True
        for each in waiting:
            if not each.settled:
                each.settled = True
                try:
                    inbox.receive(self._runtime, each.envelope, each.pos, redelivered=each.redelivered)
                except Exception as error:  # noqa: BLE001  raised by the thread that brought the message
                    each.failure = error


def handle_message(turns: Turns, document: Any, pos: int | None, *, redelivered: bool) -> None:
    """Put one message through the inbox.

    Raises Reject for what is no event, and when the database stays away for 45 s: the message then goes to the
    dead-letter queue, and the sweeper brings the event from its outbox.
    """
    try:
        envelope = Envelope.from_dict(document)
    except (InvalidEnvelope, TypeError) as error:
        log.error("message_is_no_event", error=str(error))
        raise Reject(str(error), requeue=False) from error
    _patiently(envelope.id, lambda: turns.receive(envelope, pos, redelivered=redelivered))


def _patiently(event_id: str, put: Callable[[], None]) -> None:
    """Put a message into the inbox, again and again while the database is away. Raises Reject after 45 s of that."""
    deadline = time.monotonic() + _DATABASE_PATIENCE_S
    pause_s = 0.5
    while True:
        try:
            return put()
        except (inbox.DatabaseAway, *inbox.TROUBLE) as error:
            log.warning("database_away", event_id=event_id, error=str(error))
            if time.monotonic() + pause_s > deadline:
                raise Reject(str(error), requeue=False) from error
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 8.0)


def _run_celery(app: Celery) -> None:
    signals.setup_logging.connect(_keep_logging, weak=False)
    options = {
        "without_gossip": True,
        "without_mingle": True,
        "without_heartbeat": True,
    }
    app.Worker(quiet=True, loglevel="WARNING", **options).start()


def _keep_logging(**_: Any) -> None:
    """Celery leaves logging alone when somebody listens to this signal."""


def _wait_for_signal() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
