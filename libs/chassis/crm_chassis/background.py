"""Threads that do one thing again and again until the process stops."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

_PAUSE_AFTER_ERROR_S = 5.0


class Pulse:
    """Since when something that ought to move has not moved."""

    def __init__(self) -> None:
        self._since: float | None = None

    def beat(self) -> None:
        """It moves."""
        self._since = time.monotonic()

    def rest(self) -> None:
        """It has nothing to do, and may stand still for as long as it likes."""
        self._since = None

    @property
    def still_s(self) -> float:
        """Seconds since it moved; 0 while it rests."""
        return 0.0 if self._since is None else time.monotonic() - self._since


class Loop(threading.Thread):
    """Calls ``work`` every ``every_s`` seconds, sooner after ``wake()``; an error is logged and work goes on.

    ``work`` may answer True to be called again at once.
    """

    def __init__(self, name: str, every_s: float, work: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self._every_s = every_s
        self._work = work
        self._signal = threading.Event()
        self._stopping = False
        self._pulse = Pulse()

    def wake(self) -> None:
        """Do not wait for the next turn."""
        self._signal.set()

    def stop(self, within_s: float) -> None:
        """Finish the turn that runs, start no other."""
        self._stopping = True
        self._signal.set()
        self.join(within_s)

    @property
    def still_s(self) -> float:
        """How long the turn that runs has shown no progress (``moves``); 0 between turns, endless when it has died."""
        return self._pulse.still_s if self.is_alive() else math.inf

    def moves(self) -> None:
        """The turn that runs makes progress."""
        self._pulse.beat()

    def run(self) -> None:
        """The thread's body."""
        while not self._stopping:
            self._signal.wait(self._turn())
            self._signal.clear()

    def _turn(self) -> float:
        self._pulse.beat()
        try:
            return 0.0 if self._work() is True else self._every_s
        except Exception:  # the event loop: the next turn may well succeed
            log.exception("background_failed", loop=self.name)
            return max(self._every_s, _PAUSE_AFTER_ERROR_S)
        finally:
            self._pulse.rest()


def moves() -> None:
    """Note progress of the loop whose thread this is; nothing in any other thread."""
    thread = threading.current_thread()
    if isinstance(thread, Loop):
        thread.moves()
