"""``python -m crm_chassis web|worker|relay|migrate SERVICE`` and ``python -m crm_chassis beat``."""

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
from typing import TYPE_CHECKING, Any

from crm_contracts.services import SERVICES, package_of

from . import clock, crash, logs
from .service import Runtime, load_service
from .settings import Settings

if TYPE_CHECKING:
    from flask import Flask

_SWITCH_S = 0.0005
"""How long a thread may hold the interpreter while another waits. With the default of 5 ms every answer of the database
waits for the busiest thread's turn to end, ten times an event."""

_KEEP_ALIVE_S = 75  # longer than the gateway keeps an idle connection, so that it is the one to close


def main(arguments: list[str]) -> None:
    """Run one process as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m crm_chassis", description="Run one process of the system.")
    parser.add_argument("process", choices=("web", "worker", "relay", "migrate", "beat"))
    parser.add_argument("service", nargs="?", choices=SERVICES)
    chosen = parser.parse_args(arguments)
    if chosen.process == "beat":
        run_beat(Settings.from_environment("beat"))
        return
    if chosen.service is None:
        parser.error(f"{chosen.process} needs the name of a service")
    run = {"web": run_web, "worker": run_worker, "relay": run_relay, "migrate": run_migrate}[chosen.process]
    run(chosen.service, Settings.from_environment(chosen.service))


def run_web(name: str, settings: Settings) -> None:
    """Serve a service's HTTP until SIGTERM, under gunicorn. For GEVENT_SERVICES the caller has patched the process."""
    from gunicorn.app.base import BaseApplication

    from . import refusals

    refusals.install()

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for key, value in web_options(name, settings).items():
                self.cfg.set(key, value)

        def load(self) -> Flask:
            return web_app(name, settings)

    Server().run()


def web_app(name: str, settings: Settings) -> Flask:
    """The WSGI application: the package's own ``create_app`` when it has one, else the chassis'."""
    from .app import create_app

    _prepare(settings)
    module = importlib.import_module(f"{package_of(name)}.app")
    if hasattr(module, "create_app"):
        return module.create_app()
    return create_app(Runtime(module.service, settings))


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


def _prepare(settings: Settings) -> None:
    sys.setswitchinterval(_SWITCH_S)
    logs.configure(settings.service, settings.log_level)
    clock.shift(settings.clock_offset_s)
    crash.arm(settings.crash_at)


if __name__ == "__main__":
    main(sys.argv[1:])
