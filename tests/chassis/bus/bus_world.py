"""A world for the tests of the bus: two services, their databases, and real processes working on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import redis
from chassis.bus.ledger_and_mirror import SERVICES, Effect, change_account
from chassis.bus.process import feed_app
from kombu import Connection
from sqlalchemy import select
from sqlalchemy.engine import make_url
from werkzeug.serving import make_server

from crm_chassis.bus import events_queue, open_bus, scheme_of
from crm_chassis.bus.amqp import dead_queue_of, declare_all, events_queue_of, worker_queues
from crm_chassis.database import system_transaction
from crm_chassis.inbox import InboxRow
from crm_chassis.outbox import OutboxRow
from crm_chassis.relay import Relay
from crm_chassis.service import Runtime
from crm_chassis.settings import Settings
from crm_chassis.tables import ChassisBase
from crm_chassis.testing_servers import free_ports
from crm_contracts.envelope import Envelope
from crm_contracts.subscriptions import PATTERNS

TESTS = Path(__file__).parents[2]
INTERNAL_KEY = "the-key-of-the-tests"


class World:
    """Two services with a database each, and the processes a test starts for them."""

    def __init__(self, broker_url: str) -> None:
        self.broker_url = broker_url
        self.processes: list[subprocess.Popen[bytes]] = []
        self.feed_port, other_port = free_ports(2)
        peers = {"ledger": f"http://127.0.0.1:{self.feed_port}", "mirror": f"http://127.0.0.1:{other_port}"}
        self.runtimes = {name: self._runtime(name, peers) for name in SERVICES}

    def __getitem__(self, name: str) -> Runtime:
        return self.runtimes[name]

    def _runtime(self, name: str, peers: dict[str, str]) -> Runtime:
        settings = Settings(
            service=name,
            database_url=create_database(f"{name}_{uuid4().hex[:12]}"),
            broker_url=self.broker_url,
            internal_key=INTERNAL_KEY,
            peers=peers,
            pool_size=5,
            worker_threads=4,
        )
        runtime = Runtime(SERVICES[name], settings)
        ChassisBase.metadata.create_all(runtime.database.engine)
        runtime.service.base.metadata.create_all(runtime.database.engine)
        return runtime

    @contextmanager
    def transaction(self, name: str) -> Iterator[Any]:
        """A system transaction in a service's database."""
        with self[name].activate(), system_transaction() as session:
            yield session

    def start(self, kind: str, name: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a real process; settings as environment names."""
        own = self[name].settings
        environment = {
            **os.environ,
            "DATABASE_URL": own.database_url,
            "BROKER_URL": self.broker_url,
            "INTERNAL_KEY": INTERNAL_KEY,
            "PEERS": json.dumps(dict(own.peers)),
            "POOL_SIZE": "8",
            "WORKER_THREADS": "4",
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
            **settings,
        }
        command = [sys.executable, "-W", "ignore", "-m", "chassis.bus.process", kind, name]
        process = subprocess.Popen(command, env=environment)
        self.processes.append(process)
        return process

    @contextmanager
    def feed(self) -> Iterator[None]:
        """Serve the ledger's feed while the block runs."""
        server = make_server("127.0.0.1", self.feed_port, feed_app(self["ledger"]), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def commit(self, accounts: int, versions: int = 1, **extra: Any) -> int:
        """Commit ``versions`` changes of each of ``accounts`` new accounts; answers how many events that made."""
        ids = [uuid4() for _ in range(accounts)]
        for version in range(1, versions + 1):
            for account_id in ids:
                with self.transaction("ledger") as session:
                    change_account(session, account_id, version, balance=version * 10, **extra)
        return accounts * versions

    @contextmanager
    def relay(self, name: str = "ledger") -> Iterator[Relay]:
        """A relay in this process, to be stepped by hand."""
        transport = open_bus(self.broker_url)
        try:
            yield Relay(self[name], transport)
        finally:
            transport.close()

    def effects(self) -> list[Effect]:
        """What the mirror's handlers did, in the order they did it."""
        with self.transaction("mirror") as session:
            return list(session.scalars(select(Effect).order_by(Effect.done_at)))

    def outbox(self) -> list[OutboxRow]:
        """The ledger's outbox by ``pos``."""
        with self.transaction("ledger") as session:
            return list(session.scalars(select(OutboxRow).order_by(OutboxRow.pos, OutboxRow.id)))

    def envelopes(self) -> list[Envelope]:
        """The ledger's events in the order they were committed."""
        return [Envelope.from_dict(row.envelope) for row in sorted(self.outbox(), key=lambda row: row.id)]

    def inbox(self) -> dict[str, InboxRow]:
        """The mirror's inbox by event id."""
        with self.transaction("mirror") as session:
            return {str(row.event_id): row for row in session.scalars(select(InboxRow))}

    def handled_once(self, expected: int) -> bool:
        """Whether exactly ``expected`` effects exist, each of another event."""
        effects = self.effects()
        return len(effects) == expected == len({effect.event_id for effect in effects})

    def with_settings(self, name: str, **changes: Any) -> Runtime:
        """A second runtime of a service in this process, with other settings."""
        return Runtime(SERVICES[name], replace(self[name].settings, **changes))

    def with_handlers(self, name: str, handlers: dict[str, Any]) -> Runtime:
        """A second runtime of a service in this process, with other handlers."""
        return Runtime(replace(SERVICES[name], handlers=handlers), self[name].settings)

    def close(self) -> None:
        """End every process and give the connections back."""
        for process in self.processes:
            process.kill()
            process.wait()
        for runtime in self.runtimes.values():
            runtime.close()


@contextmanager
def new_world(broker_url: str) -> Iterator[World]:
    """A world that is cleaned up, its queues emptied before it starts."""
    if scheme_of(broker_url) != "poll":
        empty_queues(broker_url)
    made = World(broker_url)
    try:
        yield made
    finally:
        made.close()


def create_database(name: str) -> str:
    """A new database on the run's PostgreSQL; answers its URL."""
    server = make_url(os.environ["CRM_TEST_POSTGRES_URL"])
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def empty_queues(broker_url: str) -> None:
    """Remove what an earlier test left on the broker."""
    if scheme_of(broker_url) == "redis":
        with redis.Redis.from_url(broker_url) as client:
            client.flushall()
        return
    with Connection(broker_url) as connection:
        declare_all(connection.default_channel)
        for name in PATTERNS:
            for queue in [*worker_queues(name), *([dead_queue_of(name)] if PATTERNS[name] else [])]:
                queue(connection.default_channel).purge()


def queued(broker_url: str, name: str) -> list[Envelope]:
    """Take every event out of a service's queue, in order."""
    taken = []
    with Connection(broker_url) as connection:
        queue = connection.SimpleQueue(events_queue_of(name) if scheme_of(broker_url) == "amqp" else events_queue(name))
        while True:
            try:
                message = queue.get(timeout=1)
            except queue.Empty:
                return taken
            given = message.payload[0][0]
            documents = [given] if isinstance(given, dict) else [document for document, _pos in given]
            taken += [Envelope.from_dict(document) for document in documents]
            message.ack()


def eventually(check: Callable[[], Any], within_s: float = 60.0) -> Any:
    """Wait until ``check`` answers something true and answer that; fail with the last answer after ``within_s``."""
    deadline = time.monotonic() + within_s
    while not (answer := check()):
        assert time.monotonic() < deadline, f"still {answer!r} after {within_s:g} s"
        time.sleep(0.05)
    return answer
