"""``crm up``: from nothing, or from whatever the last power cut left, to a sign-in page, and on until told to stop."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil

from .alive import is_ready
from .databases import provision
from .failures import CannotStart, StopRequested
from .home import Home, find_process
from .installation import GATEWAY, Installation, Wishes
from .journal import Screen
from .ports import is_free
from .processes import ProcessSpec, keep_shared
from .supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVERS_WITHIN_S = 120.0
"""PostgreSQL replays its log after a power cut before it answers."""
_MIGRATIONS_WITHIN_S = 1800.0
_READY_WITHIN_S = 120.0
_OTHERS_WITHIN_S = 15.0
_PORT_WITHIN_S = 2.0
_USERS_SHOWN = 6

NO_DEMO = "none"

_PRELOADED = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.consumer",
    "crm_chassis.__main__",
    "crm_chassis.app",
    "crm_chassis.beat",
    "crm_chassis.migrations",
    "crm_chassis.relay",
    "crm_chassis.worker",
    "crm_contracts.permissions",
    "gunicorn.app.base",
    "gunicorn.workers.gthread",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "openpyxl",
    "phonenumbers",
    "pypinyin",
    "sqlalchemy.dialects.postgresql.psycopg",
)
"""What every child would import by itself: loaded once, shared by all, paid for once in time and memory."""


def up(
    home: Home,
    wishes: Wishes,
    screen: Screen,
    *,
    demo: str,
    when_ready: Callable[[], None] | None = None,
) -> None:
    """Start everything, tell the operator how to sign in, watch until asked to stop, and stop in order.

    demo: the group to load at the first start, or ``none``. ``when_ready`` is called once sign-in works. Raises
    AlreadyRunning, CannotStart.
    """
    began = time.monotonic()
    home.create()
    with home.lock():
        _end_leftovers(home)
        if not _becomes_free(wishes.port):
            raise CannotStart(f"port {wishes.port} is taken by another program: choose one with CRM_PORT=8081")
        installation = Installation.to_start(home, wishes)
        supervisor = Supervisor(home, screen)
        supervisor.describe = _description(installation)
        with supervisor.signals():
            try:
                _start(supervisor, installation, screen)
                _announce(installation, screen, demo=demo, seconds=time.monotonic() - began)
                supervisor.describe["set_up"] = True
                supervisor.record()
                if when_ready:
                    when_ready()
                _load_demo(supervisor, installation, screen, demo)
                supervisor.run()
            except StopRequested:
                screen.say("stopped before everything was up")
            finally:
                screen.say("stopping")
                supervisor.stop()
                screen.say("stopped")


def _becomes_free(port: int) -> bool:
    """Whether the port is free, or becomes so within moments: the last run's server may still be closing."""
    deadline = time.monotonic() + _PORT_WITHIN_S
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def migrate(home: Home, wishes: Wishes, screen: Screen) -> None:
    """Bring every database to the newest shape with nothing else running. Raises AlreadyRunning, CannotStart."""
    home.create()
    with home.lock():
        _end_leftovers(home)
        installation = Installation.to_start(home, wishes)
        supervisor = Supervisor(home, screen)
        supervisor.describe = _description(installation)
        with supervisor.signals(), contextlib.suppress(StopRequested):
            try:
                _prepare(supervisor, installation, screen)
            finally:
                supervisor.stop()


def _start(supervisor: Supervisor, installation: Installation, screen: Screen) -> None:
    """Everything, the web processes first: people can sign in while workers and relays still start."""
    _prepare(supervisor, installation, screen)
    screen.say("starting the services")
    webs = installation.webs()
    supervisor.start(webs)
    waiting = {spec.name: spec.port for spec in webs if spec.port}
    patience = time.monotonic() + _OTHERS_WITHIN_S

    def can_sign_in() -> bool:
        for name in [name for name, port in waiting.items() if is_ready(port)]:
            del waiting[name]
        return not waiting or (f"{GATEWAY}-web" not in waiting and time.monotonic() > patience)

    supervisor.wait_for(can_sign_in, within_s=_READY_WITHIN_S, what="the gateway to answer")
    for name in waiting:
        screen.say(f"{name} does not answer yet: crm logs {name}")
    supervisor.start(installation.background())


def _prepare(supervisor: Supervisor, installation: Installation, screen: Screen) -> None:
    """Servers up, databases there, migrations done."""
    if not installation.set_up:
        screen.say(f"first start: setting up {installation.home.root}")
    supervisor.start(installation.servers(screen.say))
    _preload()
    supervisor.wait_for(
        installation.servers_answer,
        within_s=_SERVERS_WITHIN_S,
        what="PostgreSQL and Valkey",
    )
    provision(installation.server_url, installation.databases.values(), installation.secrets)
    supervisor.run_tasks(installation.migrations(), within_s=_MIGRATIONS_WITHIN_S)


def _preload() -> None:
    """Import what the children share. A module that is not installed is left to whoever needs it."""
    gc.disable()
    for name in _PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    gc.enable()
    keep_shared()


def _announce(installation: Installation, screen: Screen, *, demo: str, seconds: float) -> None:
    screen.say(
        f"\nBanyan is ready after {seconds:.1f} s\n\n"
        f"  address   {installation.address}\n"
        f"  users     {_users_hint(demo)}\n"
        f"  password  {_password_hint(installation)}\n\n"
        "Ctrl-C or `crm down` stops it; `crm status` and `crm logs` show how it is.\n"
    )


def _password_hint(installation: Installation) -> str:
    file = installation.home.password_file
    if installation.wishes.password:
        return "the one in CRM_PASSWORD" if not installation.set_up else "as it was set"
    if not installation.set_up:
        return f"{installation.password}   (kept in {file})"
    return f"in {file}, unless it was changed" if file.exists() else "as it was set"


def _load_demo(supervisor: Supervisor, installation: Installation, screen: Screen, demo: str) -> None:
    """Load the demo group once, beside everything else; a load that failed is tried again at the next start."""
    if demo == NO_DEMO or installation.demo or not has_demo():
        return
    if not installation.password:
        screen.say("the demo group is not loaded: set CRM_PASSWORD to admin's password and run `crm demo`")
        return

    def ended(code: int) -> None:
        if code == 0:
            supervisor.describe["demo"] = demo
            screen.say("the demo group is complete")
        else:
            screen.say("the demo group was not loaded: see `crm logs demo`, then run `crm demo`")

    screen.say("loading the demo group; you can sign in meanwhile")
    screen.follow("demo")
    entry = partial(load_demo, installation.address, installation.password)
    supervisor.start([ProcessSpec(name="demo", role="task", entry=entry, on_end=ended)])


def has_demo() -> bool:
    """Whether the demo group is part of this build."""
    return importlib.util.find_spec("crm_local.demo") is not None


def load_demo(address: str, password: str) -> None:
    """Load the demo group through the public API; does nothing when it is there."""
    importlib.import_module("crm_local.demo").load(address, password)


def _users_hint(demo: str) -> str:
    """The administrator and, with the demo group, some of its people."""
    people = importlib.import_module("crm_local.demo").USERS if demo != NO_DEMO and has_demo() else ()
    if not people:
        return "admin"
    shown = [name for name in people if name != "admin"][:_USERS_SHOWN]
    return f"admin; in the demo group {', '.join(shown)} and others (README.md), all with the same password"


def _description(installation: Installation) -> dict[str, Any]:
    return {
        "address": installation.address,
        "ports": installation.ports,
        "set_up": installation.set_up,
        "demo": installation.demo,
        "since": time.time(),
    }


def _end_leftovers(home: Home) -> None:
    """End what a killed supervisor left running; PostgreSQL is looked after by ``postgres.cluster``."""
    rows = home.read_state().get("processes", [])
    found = [(row, find_process(row["process"] or {})) for row in rows if row["role"] != "database"]
    living = [(row["role"], process) for row, process in found if process]
    for role, process in living:
        with contextlib.suppress(ProcessLookupError):
            if role == "broker":
                process.terminate()
            else:
                os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs([process for _, process in living], timeout=10)
