"""``python -m crm_chassis web|worker|relay|migrate SERVICE``, ``beat``; for operators ``dead-letters`` and ``replay``."""

from __future__ import annotations

import sys

GEVENT_SERVICES = ("gateway", "notify")  # many slow connections: the edge and the live stream

if __name__ == "__main__" and sys.argv[1:2] == ["web"] and sys.argv[2:3] and sys.argv[2] in GEVENT_SERVICES:
    from gevent import monkey

    monkey.patch_all()  # before anything else is imported, or locks made earlier stay blocking

import argparse
import importlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crm_contracts.services import SERVICES, package_of

from . import clock, crash, draining, logs
from .service import Runtime, load_service
from .settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from flask import Flask

_SWITCH_S = 0.0005
"""How long a thread may hold the interpreter while another waits. With the default of 5 ms every answer of the database
waits for the busiest thread's turn to end, ten times an event."""

_KEEP_ALIVE_S = 75  # longer than the gateway keeps an idle connection, so that it is the one to close


def main(arguments: list[str]) -> None:
    """Run one process, or an operator's command, as the arguments say."""
    chosen = _parser().parse_args(arguments)
    if chosen.process == "beat":
        run_beat(_settings("beat"))
    elif chosen.process in _COMMANDS:
        _command(chosen)
    else:
        _PROCESSES[chosen.process](chosen.service, _settings(chosen.service))


def _settings(service: str) -> Settings:
    """The settings of this process, which ends here with a sentence when one of them cannot be used."""
    try:
        settings = Settings.from_environment(service)
        settings.check()
    except InvalidSetting as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    return settings


def _parser() -> argparse.ArgumentParser:
    from . import event_commands

    parser = argparse.ArgumentParser(prog="python -m crm_chassis", description="Run one process of the system.")
    commands = parser.add_subparsers(dest="process", required=True, metavar="PROCESS|COMMAND")
    for name, run in _PROCESSES.items():
        commands.add_parser(name, help=run.__doc__).add_argument("service", choices=SERVICES)
    commands.add_parser("beat", help=run_beat.__doc__)
    event_commands.add_to(commands)
    return parser


def _command(chosen: argparse.Namespace) -> None:
    """An operator's command, in the database that this container's environment names."""
    from . import event_commands

    if chosen.service is None:
        raise SystemExit("say which: dead-letters list SERVICE")
    run = event_commands.replay if chosen.process == "replay" else event_commands.dead_letters
    try:
        run(chosen, _opened, lambda line: sys.stdout.write(f"{line}\n"))
    except event_commands.CannotDo as reason:
        raise SystemExit(str(reason)) from None


@contextmanager
def _opened(name: str) -> Iterator[Runtime]:
    settings = Settings.from_environment(name)
    logs.configure(name, "WARNING")
    runtime = Runtime(load_service(name), settings)
    try:
        with runtime.activate():
            yield runtime
    finally:
        runtime.close()


def run_web(name: str, settings: Settings) -> None:
    """Serve a service's HTTP until SIGTERM, under gunicorn. For GEVENT_SERVICES the caller has patched the process."""
    from gunicorn.app.base import BaseApplication

    from . import refusals

    refusals.install()
    drain = draining.Drain()

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for key, value in web_options(name, settings).items():
                self.cfg.set(key, value)

        def load(self) -> Flask:
            return web_app(name, settings, drain)

    draining.arbiter(Server(), drain, settings.drain_s).run()


def web_app(name: str, settings: Settings, drain: draining.Drain | None = None) -> Flask:
    """The WSGI application: the package's own ``create_app`` when it has one, else the chassis'."""
    from .app import create_app

    _prepare(settings)
    module = importlib.import_module(f"{package_of(name)}.app")
    if hasattr(module, "create_app"):
        return module.create_app()
    return create_app(Runtime(module.service, settings, drain))


def web_options(name: str, settings: Settings) -> dict[str, Any]:
    """Gunicorn's settings for a service."""
    edge = name in GEVENT_SERVICES
    return {
        "bind": f"{settings.host}:{settings.port}",
        "workers": settings.web_workers,
        "worker_class": "gevent" if edge else "gthread",
        "threads": 1 if edge else settings.web_threads,
        "worker_connections": 1000,
        "keepalive": _KEEP_ALIVE_S,
        "timeout": 60,
        "graceful_timeout": 6 if edge else 25,  # open streams and idle connections of the edge are simply cut
        "worker_tmp_dir": None,
        "proc_name": f"banyan {name} web",
        "loglevel": "warning",
        "forwarded_allow_ips": "",  # the gateway decides itself whom it believes; the services ask nobody
        "control_socket_disable": True,
    }


def run_worker(name: str, settings: Settings) -> None:
    """Handle a service's events, schedules and jobs until SIGTERM."""
    from . import worker

    _prepare(settings)
    worker.run_worker(Runtime(load_service(name), settings))


def run_relay(name: str, settings: Settings) -> None:
    """Move a service's outbox to the broker until SIGTERM."""
    _prepare(settings)
    relay_until_stopped(Runtime(load_service(name), settings))


def relay_until_stopped(runtime: Runtime) -> None:
    """The relay's process body for a runtime at hand."""
    from .bus import open_bus
    from .relay import Relay

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Relay(runtime, open_bus(runtime.settings.broker_url)).run_forever(stop)


def run_migrate(name: str, settings: Settings) -> None:
    """Bring a service's database to the current schema."""
    from .migrations import migrate

    _prepare(settings)
    migrate(load_service(name), settings)


def run_beat(settings: Settings) -> None:
    """Send ticks to every service until SIGTERM."""
    from . import beat

    _prepare(settings)
    beat.run_beat(settings)


_PROCESSES: dict[str, Callable[[str, Settings], None]] = {
    "web": run_web,
    "worker": run_worker,
    "relay": run_relay,
    "migrate": run_migrate,
}
_COMMANDS = ("dead-letters", "replay")


def _prepare(settings: Settings) -> None:
    sys.setswitchinterval(_SWITCH_S)
    logs.configure(settings.service, settings.log_level)
    clock.shift(settings.clock_offset_s)
    crash.arm(settings.crash_at)


if __name__ == "__main__":
    main(sys.argv[1:])
