"""Threads that do one thing again and again until the process stops."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

_PAUSE_AFTER_ERROR_S = 5.0


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

    def wake(self) -> None:
        """Do not wait for the next turn."""
        self._signal.set()

    def stop(self, within_s: float) -> None:
        """Finish the turn that runs, start no other."""
        self._stopping = True
        self._signal.set()
        self.join(within_s)

    def run(self) -> None:
        """The thread's body."""
        while not self._stopping:
            self._signal.wait(self._turn())
            self._signal.clear()

    def _turn(self) -> float:
        try:
            return 0.0 if self._work() is True else self._every_s
        except Exception:  # the event loop: the next turn may well succeed
            log.exception("background_failed", loop=self.name)
            return max(self._every_s, _PAUSE_AFTER_ERROR_S)
