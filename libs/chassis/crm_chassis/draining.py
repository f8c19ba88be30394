"""A web process that was told to stop says so before it takes no more calls, so that whoever sends them looks elsewhere."""

from __future__ import annotations

import mmap
import queue
import signal
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Drain:
    """Whether a process and those it forks after this was made are about to stop: one says so, all know."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, 1)  # shared with what is forked, and nothing has to be sent

    def begin(self) -> None:
        """Say so."""
        self._page[0] = 1

    @property
    def begun(self) -> bool:
        """Whether anybody said so."""
        return self._page[0] == 1


def arbiter(application: Any, drain: Drain, drain_s: float) -> Any:
    """Gunicorn's master process, which on SIGTERM lets its workers go on for ``drain_s`` seconds and then stops.

    SIGINT or SIGQUIT in between ends the wait.
    """
    from gunicorn.arbiter import Arbiter

    class Draining(Arbiter):  # type: ignore[misc]
        def handle_term(self) -> None:
            drain.begin()
            _wait(self.SIG_QUEUE.get, drain_s)
            super().handle_term()

    return Draining(application)


def _wait(next_signal: Callable[..., int], longest_s: float) -> None:
    ends = time.monotonic() + longest_s
    while (left := ends - time.monotonic()) > 0:
        try:
            if next_signal(timeout=left) in {signal.SIGINT, signal.SIGQUIT}:
                return
        except queue.Empty:
            return
