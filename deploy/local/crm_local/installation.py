"""One installation: which servers, databases and processes it has, and with which settings each of them runs."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import urlsplit, urlunsplit

from crm_contracts.services import SERVICES

from . import keys, ports, postgres, valkey
from .databases import SIGNING_KEY, ServiceDatabase, database_of
from .failures import CannotStart
from .home import Home, Secrets, write_private
from .processes import ProcessSpec

GATEWAY = "gateway"
DEFAULT_PORT = 8080
_LAST_PORT = 65535


@dataclass(frozen=True)
class Wishes:
    """What the operator asks for through the environment; an empty URL means a server of our own."""

    port: int = DEFAULT_PORT
    password: str = ""
    database_url: str = ""
    broker_url: str = ""
    redis_url: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Wishes:
        """Read CRM_PORT, CRM_PASSWORD, DATABASE_URL, BROKER_URL and REDIS_URL. Raises CannotStart for nonsense."""
        port = environment.get("CRM_PORT") or str(DEFAULT_PORT)
        if not port.isdecimal() or not 0 < int(port) <= _LAST_PORT:
            raise CannotStart(f"CRM_PORT must be a port number, not {port!r}")
        broker = environment.get("BROKER_URL", "")
        if broker and broker.partition("://")[0] not in {
            "amqp",
            "amqps",
            "redis",
            "rediss",
            "poll",
        }:
            raise CannotStart("BROKER_URL must begin with amqp://, redis:// or poll://")
        return cls(
            port=int(port),
            password=environment.get("CRM_PASSWORD", ""),
            database_url=environment.get("DATABASE_URL", "").replace("postgresql+psycopg://", "postgresql://", 1),
            broker_url=broker,
            redis_url=environment.get("REDIS_URL", ""),
        )


class Installation:
    """The servers and processes of one home, on the ports given by name."""

    def __init__(self, home: Home, wishes: Wishes, ports: Mapping[str, int]) -> None:
        self.home = home
        self.wishes = wishes
        self.secrets = Secrets(home.secrets_file)
        self.ports = {**ports, GATEWAY: wishes.port}
        before = home.read_state()
        self.set_up: bool = before.get("set_up", False)
        """Whether an earlier start got as far as the sign-in page."""
        self.demo: str = before.get("demo", "")
        """The demo group that was loaded."""

    @classmethod
    def to_start(cls, home: Home, wishes: Wishes) -> Installation:
        """The installation about to start: on the ports it had before, or free ones in their stead."""
        names = ["postgres", "valkey", *(name for name in SERVICES if name != GATEWAY)]
        return cls(
            home,
            wishes,
            ports.choose(names, home.read_state().get("ports", {}), home.root),
        )

    @classmethod
    def running(cls, home: Home, wishes: Wishes) -> Installation:
        """The installation as it runs now. Raises CannotStart when it does not."""
        if not home.supervisor():
            raise CannotStart("not running: start it with `crm up`")
        return cls(home, wishes, home.read_state()["ports"])

    @property
    def address(self) -> str:
        """Where people sign in."""
        return f"http://127.0.0.1:{self.wishes.port}"

    @cached_property
    def password(self) -> str:
        """The first password of admin and the demo users: CRM_PASSWORD, else made at the first start and kept.

        Empty when the operator has deleted the file since, as they may.
        """
        file = self.home.password_file
        if not self.wishes.password and not self.set_up and not file.exists():
            write_private(file, new_password() + "\n")
        return self.wishes.password or (file.read_text().strip() if file.exists() else "")

    @property
    def server_url(self) -> str:
        """PostgreSQL's URL for the role that creates databases."""
        own = partial(postgres.superuser_url, self.ports["postgres"])
        return self.wishes.database_url or own(self.secrets.get("postgres"))

    @property
    def redis_url(self) -> str:
        """Sessions and rate limits."""
        return self.wishes.redis_url or valkey.database_url(self.ports["valkey"], self.secrets.get("valkey"), 0)

    @property
    def broker_url(self) -> str:
        """The bus: BROKER_URL, else database 1 of the server that holds the sessions."""
        return self.wishes.broker_url or urlunsplit(urlsplit(self.redis_url)._replace(path="/1"))

    @cached_property
    def databases(self) -> dict[str, ServiceDatabase]:
        """The database of each service."""
        return {name: database_of(name, self.server_url, self.secrets) for name in SERVICES}

    def servers(self, say: Callable[[str], None]) -> list[ProcessSpec]:
        """The servers of our own, made on disk where they are missing; a URL of the operator's takes one's place.

        Raises CannotStart for data on disk without the secrets it was made with.
        """
        own = []
        if not self.wishes.database_url:
            if (self.home.root / "postgres").exists():
                self.secrets.refuse_to_replace(
                    "postgres", f"there are databases in {self.home.root / 'postgres'} already"
                )
            password = self.secrets.get("postgres")
            own.append(postgres.cluster(self.home, self.ports["postgres"], password, say).process)
        if not self.wishes.redis_url:
            own.append(valkey.valkey(self.home, self.ports["valkey"], self.secrets.get("valkey")).process)
        return own

    def servers_answer(self) -> bool:
        """Whether PostgreSQL and Valkey take connections."""
        return postgres.answers(self.server_url) and valkey.answers(self.redis_url)

    def migrations(self) -> list[ProcessSpec]:
        """One task per service that brings its database to the newest shape; they alone sign in as its owner."""
        return [
            self._process("migrate", name, "task", {"DATABASE_OWNER_URL": self.databases[name].owner_url})
            for name in SERVICES
        ]

    def webs(self) -> list[ProcessSpec]:
        """The web process of each service, the gateway's last: it is open when the others are there."""
        ordered = [name for name in SERVICES if name != GATEWAY] + [GATEWAY]
        return [self._process("web", name, "edge" if name == GATEWAY else "web") for name in ordered]

    def background(self) -> list[ProcessSpec]:
        """Workers, relays and the one beat."""
        pairs = [(kind, name) for kind in ("worker", "relay") for name in SERVICES]
        return [self._process(kind, name, kind) for kind, name in pairs] + self._beat()

    def environment(self, service: str) -> dict[str, str]:
        """The settings of a service's processes, by the names ``crm_chassis.settings`` reads."""
        private_key = self.secrets.get("identity_private_key", keys.new_private_key)
        common = {
            "DATABASE_URL": self.databases[service].app_url,
            "BROKER_URL": self.broker_url,
            "REDIS_URL": self.redis_url,
            "IDENTITY_PUBLIC_KEY": keys.public_key_of(private_key),
            "INTERNAL_KEY": self.secrets.get("internal_key"),
            "SIGNING_KEY": self.secrets.get(SIGNING_KEY),
            "FILES_URL": self.home.files_url(service),
            "PEERS": json.dumps({name: f"http://127.0.0.1:{self.ports[name]}" for name in SERVICES}),
            "HOST": "127.0.0.1",
            "PORT": str(self.ports[service]),
            "PUBLIC_URL": self.address,
            # The supervisor holds the ports: who calls meanwhile waits for the successor.
            "DRAIN_S": "0",
            "CRM_PASSWORD": "",
        }
        if service == GATEWAY:
            common |= {
                "IDENTITY_PRIVATE_KEY": private_key,
                "METRICS_KEY": self.secrets.get("metrics_key"),
                "ADMIN_PASSWORD": self.password,
            }
        return common

    def _process(self, kind: str, service: str, role: str, more: Mapping[str, str] | None = None) -> ProcessSpec:
        from crm_chassis.__main__ import GEVENT_SERVICES

        # gevent patches the standard library before anything is imported: such a process is executed, not forked.
        fresh = kind == "web" and service in GEVENT_SERVICES
        return ProcessSpec(
            name=f"{service}-{kind}",
            role=role,
            environment={**self.environment(service), **(more or {})},
            entry=None if fresh else partial(run_process, kind, service),
            argv=(sys.executable, "-m", "crm_chassis", kind, service) if fresh else (),
            port=self.ports[service] if kind == "web" else None,
            grace_s=30.0,
        )

    def _beat(self) -> list[ProcessSpec]:
        """The one beat; none without a broker, where every worker looks for itself."""
        if self.broker_url.startswith("poll:"):
            return []
        environment = {"BROKER_URL": self.broker_url}
        return [ProcessSpec(name="beat", role="beat", environment=environment, entry=partial(run_process, "beat"))]


def run_process(*arguments: str) -> None:
    """Be a process of the system, as ``python -m crm_chassis ARGUMENTS`` is; in a child of the supervisor."""
    from crm_chassis.__main__ import main

    main(list(arguments))


def new_password() -> str:
    """Four groups of four letters and digits: 80 bits that can be read out and typed."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    while True:
        word = "".join(secrets.choice(letters) for _ in range(16))
        # Sign-in may demand both kinds.
        if not word.isalpha() and not word.isdecimal():
            return "-".join(word[at : at + 4] for at in range(0, 16, 4))
