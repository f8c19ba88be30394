"""The command ``crm``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from crm_chassis import event_commands

from . import launch
from .failures import CannotStart
from .home import AlreadyRunning, Home
from .installation import Installation, Wishes
from .journal import Screen, tail

_DOWN_WITHIN_S = 150.0
_LOG_LINES = 200
_FOLLOW_EVERY_S = 0.3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    options = _parser().parse_args(arguments)
    home = Home.from_environment()
    try:
        code = int(options.command(home, options) or 0)
        sys.stdout.flush()
        return code
    except AlreadyRunning as running:
        print(f"Banyan is already running at {home.read_state().get('address', '?')} (pid {running.pid})")
        return 0 if options.name == "up" else 1
    except CannotStart as reason:
        print(f"crm: {reason}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"crm: {error.filename} belongs to another user: be that user or set CRM_HOME",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read along, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crm", description="Run Banyan on this machine.")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything and keep it running until Ctrl-C")
    up.add_argument(
        "--detach",
        action="store_true",
        help="return when it is ready and leave it running",
    )
    up.add_argument(
        "--demo",
        choices=("bluedream", launch.NO_DEMO),
        default="bluedream",
        help="loaded at first start",
    )
    up.add_argument("--verbose", action="store_true", help="show every log line, not only warnings")
    up.set_defaults(command=_up)

    commands.add_parser("down", help="stop everything").set_defaults(command=_down)

    status = commands.add_parser("status", help="processes, health, memory, events waiting")
    status.add_argument("--json", action="store_true", help="for programs; the shape is stable")
    status.set_defaults(command=_status)

    logs = commands.add_parser("logs", help="what the processes wrote")
    logs.add_argument(
        "process",
        nargs="?",
        metavar="NAME",
        help="a process or a service; all when left out",
    )
    logs.add_argument("-f", "--follow", action="store_true", help="go on as lines are written")
    logs.set_defaults(command=_logs)

    commands.add_parser("migrate", help="bring the databases to the newest shape").set_defaults(command=_migrate)
    commands.add_parser("demo", help="load the demo group if it is not there").set_defaults(command=_demo)

    event_commands.add_to(commands)
    commands.choices["replay"].set_defaults(command=_replay)
    commands.choices["dead-letters"].set_defaults(command=_dead_letters)
    return parser


def _up(home: Home, options: argparse.Namespace) -> int:
    wishes = Wishes.from_environment()
    if options.detach:
        return _up_detached(home, wishes, options)
    launch.up(home, wishes, Screen(verbose=options.verbose), demo=options.demo)
    return 0


def _up_detached(home: Home, wishes: Wishes, options: argparse.Namespace) -> int:
    """Start in a process of its own that shares this terminal until it is ready; answers 0 then, 1 if it never is."""
    home.create()
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with os.fdopen(reading) as output:
            screen = Screen()
            for line in output:
                screen.say(line.rstrip("\n"))
        ended, status = os.waitpid(child, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else 0

    os.close(reading)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(writing, stream)
    os.close(writing)

    screen = Screen(verbose=options.verbose)

    def leave_terminal() -> None:
        screen.leave()
        own = os.open(home.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(own, stream)
        os.close(own)

    launch.up(
        home,
        wishes,
        Screen(verbose=options.verbose),
        demo=options.demo,
        when_ready=leave_terminal,
    )
    return 0


def _down(home: Home, _options: argparse.Namespace) -> int:
    supervisor = home.supervisor()
    if supervisor is None:
        print("not running")
        return 0
    supervisor.send_signal(signal.SIGTERM)
    try:
        supervisor.wait(_DOWN_WITHIN_S)
    except psutil.TimeoutExpired:
        raise CannotStart(f"pid {supervisor.pid} is still stopping after {_DOWN_WITHIN_S:.0f} s") from None
    print("stopped")
    return 0


def _status(home: Home, options: argparse.Namespace) -> int:
    from . import status

    collected = status.collect(home, Installation.running(home, Wishes.from_environment()))
    print(json.dumps(collected, indent=1) if options.json else status.render(collected))
    return 0 if all(row["health"] in {"ok", "done"} for row in collected["processes"]) else 1


def _logs(home: Home, options: argparse.Namespace) -> int:
    wanted = options.process or ""
    files = [path for path in sorted(home.logs.glob("*.log")) if path.stem == wanted or _belongs(path, wanted)]
    if not files:
        names = ", ".join(path.stem for path in sorted(home.logs.glob("*.log")))
        raise CannotStart(f"no process {wanted!r}; there are: {names}" if names else "nothing was logged yet")
    screen = Screen(verbose=True)
    for path in files:
        for line in tail(path, _LOG_LINES):
            screen.show(path.stem, line)
    if options.follow:
        _follow(files, screen)
    return 0


def _belongs(path: Path, wanted: str) -> bool:
    return not wanted or path.stem.rpartition("-")[0] == wanted


def _follow(files: Sequence[Path], screen: Screen) -> None:
    places = {path: path.stat().st_size for path in files}
    while True:
        for path in files:
            places[path] = _show_since(path, places[path], screen)
        time.sleep(_FOLLOW_EVERY_S)


def _show_since(path: Path, place: int, screen: Screen) -> int:
    """Show the complete lines written since ``place``; answers the place reached. A rotated file begins anew."""
    size = path.stat().st_size if path.exists() else 0
    if size == place:
        return place
    begin = place if size > place else 0
    with path.open("rb") as stream:
        stream.seek(begin)
        piece = stream.read()
    complete = piece[: piece.rfind(b"\n") + 1]
    for line in complete.decode("utf-8", "replace").splitlines():
        screen.show(path.stem, line)
    return begin + len(complete)


def _migrate(home: Home, _options: argparse.Namespace) -> int:
    screen = Screen()
    launch.migrate(home, Wishes.from_environment(), screen)
    screen.say("every database has the newest shape")
    return 0


def _demo(home: Home, _options: argparse.Namespace) -> int:
    installation = Installation.running(home, Wishes.from_environment())
    if not launch.has_demo():
        raise CannotStart("the demo group is not part of this build")
    if not installation.password:
        raise CannotStart("set CRM_PASSWORD to admin's password: the generated one is no longer kept")
    launch.load_demo(installation.address, installation.password)
    return 0


def _replay(home: Home, options: argparse.Namespace) -> int:
    event_commands.replay(options, _opener(home), print)
    return 0


def _dead_letters(home: Home, options: argparse.Namespace) -> int:
    try:
        event_commands.dead_letters(options, _opener(home), print)
    except event_commands.CannotDo as reason:
        raise CannotStart(str(reason)) from None
    return 0


def _opener(home: Home) -> event_commands.Opener:
    from . import events

    return events.opener(Installation.running(home, Wishes.from_environment()))
