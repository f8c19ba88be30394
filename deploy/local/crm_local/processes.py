"""One supervised process: what it is to run, how it is started, and how it is told to end."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from .accounts import Account
from .failures import CannotStart
from .home import identity

STOP_ORDER = ("edge", "web", "worker", "relay", "beat", "task", "broker", "database")
"""Roles in the order they end: first nobody comes in any more, the data goes last."""

SERVED = frozenset({"edge", "web"})
"""Roles whose port the supervisor listens on for them."""

_BACKGROUND = frozenset({"worker", "relay", "beat", "task"})
_BACKGROUND_NICENESS = 5
"""On a small machine people go first: events, reminders and loads take what the web processes leave, and catch up in
batches. On two busy cores sixteen clients created 21-29 customers a second with a niceness of 10, 12-15 without; 5 leaves
the background a third of a share, so that events arrive in time when something else loads the machine."""

_BACKLOG = 2048

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to keep running, or a task (role ``task``) to run once.

    It is forked off to call ``entry``, or executes ``argv`` when that is given.
    The environment is the supervisor's plus ``environment``. A process that must not outlive a killed supervisor
    gets ``death_signal`` from the kernel (Linux). ``grace_s`` is the time between ``stop_signal`` and SIGKILL.
    A process of the roles ``SERVED`` is given a socket that listens on its ``port``, as systemd would: while it is
    away, who connects waits for its successor instead of being refused.
    ``on_end`` is called in the supervisor with the exit code.
    """

    name: str
    role: str
    environment: Mapping[str, str] = field(default_factory=dict)
    entry: Callable[[], None] | None = None
    argv: tuple[str, ...] = ()
    account: Account | None = None
    directory: str | None = None
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    on_end: Callable[[int], None] | None = None


@dataclass(slots=True)
class Child:
    """A started process: its pid, the pipe its output comes through, and when it began (monotonic seconds)."""

    pid: int
    output: int
    began: float
    known_as: dict[str, float]

    def poll(self) -> int | None:
        """The exit code when it has ended (negative: by that signal), else None. Whatever it left behind is killed."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.kill_group()
        return os.waitstatus_to_exitcode(status)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; it passes it on to its own children as it sees fit."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def kill_group(self) -> None:
        """Kill the process and every descendant that stayed in its session."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def listen(port: int) -> socket.socket:
    """A socket that listens on the port of this machine. Raises CannotStart when it is taken."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
    except OSError as error:
        raise CannotStart(f"port {port} is taken by another program ({error.strerror})") from error


def spawn(spec: ProcessSpec, listener: socket.socket | None = None) -> Child:
    """Start the process. Its output must be read from ``Child.output``, which does not block."""
    output, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(spec, writing, supervisor, listener)
    os.close(writing)
    os.set_blocking(output, False)
    return Child(pid, output, time.monotonic(), identity(pid))


def keep_shared() -> None:
    """Move what is loaded out of the garbage collector's sight, so that children do not copy it by being collected."""
    gc.collect()
    gc.freeze()


def _become(spec: ProcessSpec, writing: int, supervisor: int, listener: socket.socket | None) -> NoReturn:
    status = 1
    try:
        _leave_supervisor(writing, listener)
        if spec.role in _BACKGROUND:
            _stand_back()
        if spec.account:
            spec.account.assume()
        # After the change of account, which makes the kernel forget the request.
        _die_with(supervisor, spec)
        os.environ.update(spec.environment)
        if spec.directory:
            os.chdir(spec.directory)
        if spec.argv:
            os.execv(spec.argv[0], spec.argv)  # noqa: S606  no shell is the point
        if spec.entry:
            spec.entry()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    finally:
        if sys.exc_info()[0]:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _leave_supervisor(writing: int, listener: socket.socket | None) -> None:
    """Give up what belongs to the supervisor: terminal, signal handlers, its lock and every open file.

    A listener becomes descriptor 3 and is announced by the variables of systemd's socket activation.
    """
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    kept = 3
    if listener is not None:
        os.dup2(listener.fileno(), kept)
        os.set_inheritable(kept, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        kept += 1
    os.closerange(kept, os.sysconf("SC_OPEN_MAX"))
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _stand_back() -> None:
    """Lower the priority of this process, and of its session where Linux schedules sessions as groups."""
    os.nice(_BACKGROUND_NICENESS)
    group = Path("/proc/self/autogroup")
    with contextlib.suppress(OSError):
        if group.exists():
            group.write_text(str(_BACKGROUND_NICENESS))


def _die_with(supervisor: int, spec: ProcessSpec) -> None:
    if not sys.platform.startswith("linux"):
        return
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_PR_SET_PDEATHSIG, int(spec.death_signal), 0, 0, 0)
    kernel.prctl(_PR_SET_NAME, spec.name.encode()[:15], 0, 0, 0)
    if os.getppid() != supervisor:
        # It died before the request was made.
        os._exit(1)
