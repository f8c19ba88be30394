"""Keeps processes running: one thread, one loop, no connection of its own, so that it may fork at any time."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from .failures import CannotStart, StopRequested
from .home import Home
from .journal import Journal, Screen, tail
from .processes import SERVED, STOP_ORDER, Child, ProcessSpec, listen, spawn

_TICK_S = 0.5
_LOOP_AFTER = 5


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between restarts, in seconds: ``first``, doubled each time up to ``most``.

    A process that lived for ``healthy_after`` begins anew at ``first``.
    """

    first: float = 0.5
    most: float = 30.0
    healthy_after: float = 60.0

    def wait(self, quick_ends: int) -> float:
        """The wait after so many ends in a row, the first being 1."""
        return float(min(self.most, self.first * 2 ** min(quick_ends - 1, 30)))


@dataclass(slots=True)
class Watched:
    """A process under watch and what has become of it."""

    spec: ProcessSpec
    journal: Journal
    listener: socket.socket | None = None
    child: Child | None = None
    restarts: int = 0
    quick_ends: int = 0
    last_exit: int | None = None
    start_at: float | None = None

    @property
    def state(self) -> str:
        """``running``, ``waiting`` (for its next start), ``crash-loop`` (ended often in a row) or ``ended``."""
        if self.child:
            return "running"
        if self.start_at is None:
            return "ended"
        return "crash-loop" if self.quick_ends >= _LOOP_AFTER else "waiting"


class Supervisor:
    """Starts processes, brings back those that end, and ends all of them in order.

    ``describe`` adds to the state written for ``crm status`` at each change.
    """

    def __init__(self, home: Home, screen: Screen, *, backoff: Backoff | None = None) -> None:
        self.describe: dict[str, Any] = {}
        self._home = home
        self._screen = screen
        self._backoff = backoff or Backoff()
        self._watched: dict[str, Watched] = {}
        self._selector = selectors.DefaultSelector()
        self._stop_asked = 0

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within the block SIGINT, SIGTERM and SIGHUP ask for a clean stop, and an ending child wakes the loop."""
        waking, wake = os.pipe()
        os.set_blocking(waking, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._selector.register(waking, selectors.EVENT_READ, None)
        stops = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._ask_stop) for number in stops}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.unregister(waking)
            os.close(waking)
            os.close(wake)

    def start(self, specs: Iterable[ProcessSpec]) -> None:
        """Start the processes and keep them running from now on."""
        for spec in specs:
            listener = listen(spec.port) if spec.port and spec.role in SERVED else None
            watched = Watched(spec, Journal(self._home.logs, spec.name, self._screen), listener)
            self._watched[spec.name] = watched
            self._launch(watched)
        self.record()

    def run_tasks(self, specs: Iterable[ProcessSpec], *, within_s: float) -> None:
        """Run processes side by side, each once to its end. Raises CannotStart when one fails or takes too long."""
        specs = tuple(specs)
        self.start(specs)
        tasks = [self._watched[spec.name] for spec in specs]
        self.wait_for(
            lambda: not any(task.child for task in tasks),
            within_s=within_s,
            what="the set-up to finish",
        )
        failed = [task.spec.name for task in tasks if task.last_exit != 0]
        if failed:
            raise CannotStart("\n".join([f"{', '.join(failed)} failed:", *self._last_lines(failed[0])]))
        for spec in specs:
            del self._watched[spec.name]

    def wait_for(self, ready: Callable[[], bool], *, within_s: float, what: str) -> None:
        """Watch until ``ready()``. Raises CannotStart after ``within_s``, StopRequested when asked to stop."""
        deadline = time.monotonic() + within_s
        while not ready():
            if time.monotonic() > deadline:
                raise CannotStart(f"waited {within_s:.0f} s for {what}; see {self._home.logs}")
            self.tick(0.05)
            if self._stop_asked:
                raise StopRequested

    def run(self) -> None:
        """Watch until asked to stop."""
        while not self._stop_asked:
            self.tick(_TICK_S)

    def tick(self, at_most_s: float) -> None:
        """Pass on output, notice ends, restart what is due; waits at most that long for something to happen."""
        due = [watched.start_at for watched in self._watched.values() if watched.start_at]
        wait = min([at_most_s, *(max(0.0, moment - time.monotonic()) for moment in due)])
        for key, _ in self._selector.select(wait):
            if key.data is None:
                os.read(key.fd, 4096)
            else:
                self._read(key.data)
        changed = [self._reap(watched) for watched in self._watched.values()]
        changed += [self._restart(watched) for watched in self._watched.values()]
        if any(changed):
            self.record()

    def running(self, name: str) -> bool:
        """Whether the process of that name runs now."""
        watched = self._watched.get(name)
        return bool(watched and watched.child)

    def exit_code(self, name: str) -> int | None:
        """How the process last ended, None if it never did."""
        return self._watched[name].last_exit

    def stop(self) -> None:
        """End everything in the order of STOP_ORDER, each role gone before the next is told.

        A second request to stop while this runs cuts the grace periods short.
        """
        self._stop_asked = 1
        for watched in self._watched.values():
            watched.start_at = None
            if watched.listener:
                watched.listener.close()
        for role in STOP_ORDER:
            self._stop_role([w for w in self._watched.values() if w.spec.role == role])
        self.record()

    def _stop_role(self, members: list[Watched]) -> None:
        for watched in members:
            if watched.child:
                watched.child.send(watched.spec.stop_signal)
        began = time.monotonic()
        while living := [watched for watched in members if watched.child]:
            for watched in living:
                late = time.monotonic() - began > watched.spec.grace_s
                # The database is never killed for impatience: it writes down what was promised.
                if watched.child and (late or (self._stop_asked > 1 and watched.spec.role != "database")):
                    watched.child.kill_group()
            self.tick(0.1)

    def _launch(self, watched: Watched) -> None:
        watched.start_at = None
        own = self._home.settings_of(watched.spec.name)  # read at each start: a change needs no restart of the others
        spec = replace(watched.spec, environment={**watched.spec.environment, **own})
        watched.child = spawn(spec, watched.listener)
        watched.journal.note(f"{watched.spec.name} starts, pid {watched.child.pid}")
        self._selector.register(watched.child.output, selectors.EVENT_READ, watched)

    def _restart(self, watched: Watched) -> bool:
        if watched.child or watched.start_at is None or watched.start_at > time.monotonic():
            return False
        watched.restarts += 1
        self._launch(watched)
        return True

    def _reap(self, watched: Watched) -> bool:
        child = watched.child
        if child is None or (code := child.poll()) is None:
            return False
        self._read(watched)
        self._selector.unregister(child.output)
        os.close(child.output)
        watched.child, watched.last_exit = None, code
        watched.journal.end(f"{watched.spec.name} ended, {_how(code)}")
        if watched.spec.on_end:
            watched.spec.on_end(code)
        if not self._stop_asked and watched.spec.role != "task":
            self._plan_restart(watched, time.monotonic() - child.began)
        return True

    def _plan_restart(self, watched: Watched, lived_s: float) -> None:
        watched.quick_ends = 1 if lived_s >= self._backoff.healthy_after else watched.quick_ends + 1
        wait = self._backoff.wait(watched.quick_ends)
        watched.start_at = time.monotonic() + wait
        self._screen.say(
            f"{watched.spec.name} ended ({_how(watched.last_exit or 0)}), starts again in {wait:g} s"
            f" - crm logs {watched.spec.name}"
        )

    def _read(self, watched: Watched) -> None:
        if watched.child is None:
            return
        try:
            while piece := os.read(watched.child.output, 65536):
                watched.journal.feed(piece)
        except BlockingIOError:
            return

    def record(self) -> None:
        """Write down what runs, for ``crm status`` and for the next start."""
        self._home.write_state(self.describe | {"processes": [_row(watched) for watched in self._watched.values()]})

    def _last_lines(self, name: str) -> list[str]:
        return [f"  {line}" for line in tail(self._home.logs / f"{name}.log", 15)]

    def _ask_stop(self, *_: object) -> None:
        self._stop_asked += 1


def _row(watched: Watched) -> dict[str, Any]:
    return {
        "name": watched.spec.name,
        "role": watched.spec.role,
        "port": watched.spec.port,
        "state": watched.state,
        "restarts": watched.restarts,
        "last_exit": watched.last_exit,
        "process": watched.child.known_as if watched.child else None,
    }


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
