"""CRM_HOME: where one installation keeps its data, secrets, logs and what it knows of its processes."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from .failures import CannotStart

_START_TOLERANCE_S = 1.5
"""The boot time psutil adds to a start time is read anew each time and wanders a little when the clock is set."""


class AlreadyRunning(Exception):
    """Another supervisor holds this home; ``pid`` is its process."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"already running (pid {pid})")
        self.pid = pid


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one installation."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Home:
        """The folder named by CRM_HOME, ``.crm`` of the working directory by default."""
        return cls(Path(environment.get("CRM_HOME") or ".crm").expanduser().absolute())

    @property
    def logs(self) -> Path:
        """One file per process, rotated."""
        return self.root / "logs"

    @property
    def state_file(self) -> Path:
        """What the supervisor last knew: address, ports, processes."""
        return self.root / "state.json"

    @property
    def secrets_file(self) -> Path:
        """Passwords and keys of this installation, readable by its owner only."""
        return self.root / "secrets.json"

    @property
    def password_file(self) -> Path:
        """The generated first password, kept until the operator deletes it."""
        return self.root / "password"

    def settings_of(self, process: str) -> dict[str, str]:
        """What the operator set for one process alone: the lines ``NAME=value`` of ``settings/PROCESS.env``, if any."""
        try:
            lines = (self.root / "settings" / f"{process}.env").read_text().splitlines()
        except FileNotFoundError:
            return {}
        pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
        return {name.strip(): value.strip() for name, _, value in pairs}

    def create(self) -> None:
        """Make the folders. Others may pass through (PostgreSQL's own user must) but not list or read."""
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (self.logs, self.root / "files"):
            folder.mkdir(mode=0o700, exist_ok=True)

    def files_url(self, service: str) -> str:
        """Where a service keeps uploaded files; the folder is made."""
        folder = self.root / "files" / service
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder.as_uri()

    def read_state(self) -> dict[str, Any]:
        """The last state written, empty when there is none or a power cut left it unreadable."""
        try:
            return dict(json.loads(self.state_file.read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Replace the state at once: readers see the old or the new one, never half of it."""
        write_private(self.state_file, json.dumps(state, indent=1))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the home for one supervisor; the kernel lets go when the process ends, however it ends.

        Raises AlreadyRunning when another supervisor holds it.
        """
        descriptor = os.open(self.root / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(int(_read_holder(descriptor).get("pid", 0))) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(identity(os.getpid())).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def supervisor(self) -> psutil.Process | None:
        """The running supervisor of this home, None when there is none (a stale file is not one)."""
        try:
            with (self.root / "supervisor.lock").open("rb") as holder:
                return find_process(_read_holder(holder.fileno()))
        except FileNotFoundError:
            return None


class Secrets:
    """Secrets that are made when first asked for and the same ever after, in one file of mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._known: dict[str, str] = json.loads(path.read_text())
        except FileNotFoundError:
            self._known = {}
        except ValueError as error:
            raise CannotStart(f"{path} is damaged ({error}); restore it from a backup") from error

    def knows(self, name: str) -> bool:
        """Whether the secret of that name was made already."""
        return name in self._known

    def refuse_to_replace(self, name: str, what_is_there: str) -> None:
        """Raises CannotStart for a secret that is missing though what was made with it is still there."""
        if not self.knows(name):
            raise CannotStart(
                f"{what_is_there}, but {self._path} does not hold the {name} they were made with: put that file back"
                " from your backup. With another key no second factor and no webhook's secret could be read any more."
                " Are the databases of no use? Then remove them first"
            )

    def get(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of that name, made by ``make`` and written to disk the first time."""
        if name not in self._known:
            self._known[name] = make()
            write_private(self._path, json.dumps(self._known, indent=1))
        return self._known[name]


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 so that a power cut leaves the old or the new text, never a part."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    Path(temporary).replace(path)


def identity(pid: int) -> dict[str, float]:
    """A process as pid and start time, which together are never used twice. Empty when it is gone."""
    try:
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {}


def find_process(known: Mapping[str, Any]) -> psutil.Process | None:
    """The process recorded by ``identity`` when it still runs, None when its pid is free or another's now."""
    try:
        process = psutil.Process(int(known["pid"]))
        same = abs(process.create_time() - float(known["started"])) < _START_TOLERANCE_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (KeyError, TypeError, ValueError, psutil.NoSuchProcess):
        return None


def _read_holder(descriptor: int) -> dict[str, Any]:
    try:
        return dict(json.loads(os.pread(descriptor, 4096, 0)))
    except ValueError:
        return {}
