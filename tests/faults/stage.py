"""The real system on real servers of its own, with a link to each that can be broken, and sinks for what leaves it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from aiosmtpd.controller import Controller
from faults.proxy import Proxy
from notify.world import MailSink, WebSink
from system import System, eventually, running_system

from crm_chassis.testing_servers import Server, free_ports, start_postgres, start_rabbitmq, start_redis
from crm_contracts.services import SERVICES
from crm_local.alive import is_ready

BROKERS = ("amqp", "redis", "poll")


@dataclass
class Stage:
    """A running system and everything a test may do to it.

    servers and links: by ``postgres``, ``redis`` (sessions and limits) and ``broker`` (none for ``poll``).
    """

    kind: str
    system: System
    servers: dict[str, Server]
    links: dict[str, Proxy]
    mails: MailSink
    hooks: WebSink
    healed: list[Callable[[], None]] = field(default_factory=list)
    resent: int = 0
    """How many mails and calls were repeated so far, as far as the oracle allowed it."""

    @property
    def state_file(self) -> Path:
        """Where the launcher writes what runs."""
        return self.system.home / "state.json"

    def known_pid(self, name: str) -> int:
        """The pid of a process of the system; 0 while it has none."""
        rows = json.loads(self.state_file.read_text())["processes"]
        known = next((row["process"] for row in rows if row["name"] == name), None)
        return int(known["pid"]) if known and psutil.pid_exists(int(known["pid"])) else 0

    def pid(self, name: str) -> int:
        """The pid of a process of the system, once it has one."""
        return int(eventually(lambda: self.known_pid(name), 60))

    def names(self, *kinds: str) -> list[str]:
        """The processes of these kinds (``web``, ``worker``, ``relay``, ``beat``); all without any."""
        rows = json.loads(self.state_file.read_text())["processes"]
        return [row["name"] for row in rows if not kinds or row["name"].rpartition("-")[2] in kinds]

    def signal(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a process of the system and its children; answers its pid."""
        pid = self.pid(name)
        victims = [pid] if number == signal.SIGTERM else _family(pid)
        for each in victims:
            _send(each, number)
        return pid

    def restarted(self, name: str, old: int) -> bool:
        """Whether the process runs again as another."""
        rows = json.loads(self.state_file.read_text())["processes"]
        known = next(row["process"] for row in rows if row["name"] == name)
        return bool(known) and known["pid"] != old

    def ready(self, name: str) -> bool:
        """Whether a web process serves; of the other kinds it is enough that they run."""
        rows = json.loads(self.state_file.read_text())["processes"]
        port = next(row["port"] for row in rows if row["name"] == name)
        return port is None or is_ready(port)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Within the block the process stands still."""
        family = _family(self.pid(name))
        for each in family:
            _send(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in family:
                _send(each, signal.SIGCONT)

    @contextmanager
    def server_frozen(self, name: str) -> Iterator[None]:
        """Within the block a whole server stands still."""
        family = _family(self.servers[name].pid)
        for each in family:
            _send(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in family:
                _send(each, signal.SIGCONT)

    def set(self, process: str, **settings: str) -> None:
        """Settings of one process alone, from its next start on; none takes them back."""
        file = self.system.home / "settings" / f"{process}.env"
        file.parent.mkdir(exist_ok=True)
        if settings:
            file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        else:
            file.unlink(missing_ok=True)

    def crash(self, process: str, crash_at: str, within_s: float = 90.0) -> None:
        """Start a process anew so that it dies at a point, and wait until it did. Its successor is whole."""
        before = self.armed({process: crash_at})[process]
        eventually(lambda: self.deaths(process) > before, within_s)
        self.disarm([process])

    def armed(self, points: dict[str, str]) -> dict[str, int]:
        """Start processes anew so that each dies at its point; answers how often each had died so before."""
        before = {process: self.deaths(process) for process in points}
        for process, point in points.items():
            self.set(process, CRASH_AT=point)
        self.restart(list(points))
        for process in points:
            self.set(process)
        return before

    def deaths(self, process: str) -> int:
        """How often a process said that it dies at a point. Of a web process a child dies, and its parent makes another."""
        return (self.system.home / "logs" / f"{process}.log").read_text(errors="replace").count("crash_point_reached")

    def disarm(self, processes: list[str]) -> None:
        """Web processes pass their settings on to every child: those begin anew without the point."""
        self.restart([name for name in processes if name.endswith("-web")])

    def restart(self, processes: list[str]) -> None:
        """Kill processes and wait until each runs again."""
        before = {name: self.signal(name) for name in processes}
        for name, pid in before.items():
            eventually(lambda name=name, pid=pid: self.restarted(name, pid), 90)

    def rabbitmqctl(self, *arguments: str) -> str:
        """Run an operator's command on the node."""
        server = self.servers["broker"]
        program = server.command[0].replace("rabbitmq-server", "rabbitmqctl")
        ran = subprocess.run([program, *arguments], env=server.environment, check=True, capture_output=True, text=True)
        return ran.stdout

    def heal(self) -> None:
        """Every link carries again, every server runs, every process has its usual settings."""
        while self.healed:
            self.healed.pop()()
        for link in self.links.values():
            link.heal()
        for server in self.servers.values():
            if server.process is None or server.process.poll() is not None:
                server.start()
        for name in self.names():
            self.set(name)


@contextmanager
def new_stage(kind: str, home: Path) -> Iterator[Stage]:
    """Start servers, links, sinks and the system. Raises ServerUnavailable for a server this machine lacks."""
    servers = {"postgres": start_postgres(durable=True)}
    controller = None
    links: dict[str, Proxy] = {}
    hooks = WebSink()
    try:
        servers["redis"] = start_redis()
        if kind == "amqp":
            servers["broker"] = start_rabbitmq()
        elif kind == "redis":
            servers["broker"] = start_redis(append_only=True)
        links = {name: _link(server) for name, server in servers.items()}
        mails = MailSink()
        (port,) = free_ports(1)
        controller = Controller(mails, hostname="127.0.0.1", port=port)
        controller.start()
        settings = {
            "DATABASE_URL": _through(servers["postgres"].url, links["postgres"]),
            "REDIS_URL": _through(servers["redis"].url, links["redis"]),
            "BROKER_URL": _through(servers["broker"].url, links["broker"]) if kind != "poll" else "poll://",
            "SMTP_URL": f"smtp://127.0.0.1:{port}",
        }
        with running_system(home, **settings) as system:
            yield Stage(kind, system, servers, links, mails, hooks)
    finally:
        if controller is not None:
            controller.stop()
        hooks.close()
        for link in links.values():
            link.close()
        for server in servers.values():
            server.stop()


def databases(stage: Stage) -> dict[str, str]:
    """Service -> the URL of its database for the tests, past the link."""
    base = stage.servers["postgres"].url.replace("postgresql+psycopg://", "postgresql://").rpartition("/")[0]
    return {service: f"{base}/crm_{service.replace('-', '_')}" for service in SERVICES}


def _link(server: Server) -> Proxy:
    parts = urlsplit(server.url)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or 0)


def _through(url: str, link: Proxy) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{link.port}")).geturl()


def _family(pid: int) -> list[int]:
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
