"""What tests of a service use: a real database, a signed client for any caller, events in and out.

``CRM_TEST_POSTGRES_URL`` names a server the tests own (a superuser's URL); the test suite's conftest starts one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import orjson
from flask.testing import FlaskClient
from joserfc.jwk import OKPKey
from sqlalchemy import Connection, create_engine, event, select, text
from werkzeug.test import TestResponse

from crm_contracts.envelope import Envelope
from crm_contracts.permissions import RESOURCES

from . import app as app_module
from . import clock, ids, migrations, org
from .database import sqlalchemy_url, system_transaction
from .identity import HEADER, Grant, Principal, sign
from .service import Runtime, Service
from .settings import Settings

KEY = OKPKey.generate_key("Ed25519")
_made = count(1)
_ROLE_PASSWORD = "test"  # noqa: S105  a server that lives as long as the tests do


def everything_of(*services: str) -> dict[str, Grant]:
    """Every permission of the services (all of them when none is named), everywhere."""
    return {
        f"{resource.name}:{action}": Grant(everything=True)
        for resource in RESOURCES.values()
        if not services or resource.service in services
        for action in resource.actions
    }


class Bench:
    """A service under test: its database, its application and a company to work in."""

    def __init__(self, service: Service, **settings: Any) -> None:
        self.service = service
        self._files = TemporaryDirectory(prefix="banyan-test-files-")
        owner, web = _database(service)
        public = KEY.as_pem(private=False).decode()
        self.settings = Settings(
            service=service.name,
            database_url=web,
            database_owner_url=owner,
            identity_public_key=public,
            internal_key="internal-test-key",
            signing_key="signing-test-key",
            **{"files_url": f"file://{self._files.name}", **settings},
        )
        self.runtime = Runtime(service, self.settings)
        self.app = app_module.create_app(self.runtime)
        self._owner = create_engine(sqlalchemy_url(owner))
        self._tables = [table.name for meta in migrations.metadata_of(service) for table in meta.sorted_tables]

    def clean(self) -> None:
        """Empty every table, then put the reference rows back."""
        self.record_samples()
        with self._owner.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(self._tables)} RESTART IDENTITY CASCADE"))
        org.forget_tree()
        if self.service.after_migrate:
            with self.system() as session:
                self.service.after_migrate(session)

    def record_samples(self) -> None:
        """Keep one event of each type not recorded yet in the folder CRM_RECORD_EVENTS names, if it names one."""
        folder = os.environ.get("CRM_RECORD_EVENTS")
        for envelope in self.events() if folder else ():
            kept = Path(str(folder)) / f"{envelope['type']}.json"
            if not kept.exists():
                kept.write_bytes(orjson.dumps(envelope, option=orjson.OPT_INDENT_2) + b"\n")

    def close(self) -> None:
        """Give back every connection, and the database."""
        self.record_samples()
        self.runtime.close()
        self._files.cleanup()
        self._owner.dispose()
        with _administrator() as connection:
            connection.execute(text(f"DROP DATABASE {self._owner.url.database} WITH (FORCE)"))

    @contextmanager
    def system(self) -> Any:
        """A session that sees everything, for arranging and asserting."""
        with self.runtime.activate(), system_transaction() as session:
            yield session

    def unit(
        self, code: str, parent: UUID | None = None, kind: str = "subsidiary", *, timezone: str = org.HOME_TIMEZONE
    ) -> UUID:
        """A new unit of the company tree."""
        unit_id = ids.uuid7()
        document = {
            "id": str(unit_id),
            "code": code,
            "name": code,
            "name_en": code,
            "kind": kind,
            "parent_id": str(parent) if parent else None,
            "manager_id": None,
            "timezone": timezone,
            "currency": "CNY",
            "active": True,
            "tree_version": 1,
        }
        with self.system() as session:
            org.apply_unit(session, document, 1)
        org.forget_tree()
        return unit_id

    def caller(
        self,
        unit_id: UUID,
        grants: dict[str, Grant] | Iterable[str] | None = None,
        *,
        username: str = "someone",
        fields: dict[str, dict[str, str]] | None = None,
        user_id: UUID | None = None,
    ) -> Principal:
        """A user of the unit, known to the service. Grants by name reach the unit and below; None is everything."""
        if grants is None:
            grants = everything_of()
        elif not isinstance(grants, dict):
            grants = {name: Grant(subtrees=frozenset({unit_id})) for name in grants}
        user_id = user_id or ids.uuid7()
        with self.system() as session:
            user = {
                "id": user_id,
                "username": username,
                "display_name": username,
                "email": f"{username}@example.com",
                "mobile": None,
                "unit_id": unit_id,
                "unit_ids": [unit_id],
                "roles": [],
                "manager_id": None,
                "locale": "en",
                "active": True,
            }
            org.apply_user(session, user, 1)
            company = org.tree().company(unit_id)
        return Principal(user_id, username, unit_id, company, grants, fields or {}, "en", 1)

    def client(self, principal: Principal | None = None) -> Client:
        """A client that calls as the principal, or as nobody."""
        return Client(self, principal)

    def deliver(self, event_type: str, data: dict[str, Any], *, version: int = 1, source: str | None = None) -> None:
        """Hand the service an event as the bus would."""
        from .inbox import receive

        envelope = Envelope(
            id=str(ids.uuid7()),
            source=source or event_type.split(".")[1],
            type=event_type,
            subject=str(data["id"]),
            time=clock.now().isoformat(),
            data=orjson.loads(orjson.dumps({"version": version, **data}, default=str)),
            aggregateversion=version,
            unitid=str(data["unit_id"]) if data.get("unit_id") else None,
        )
        receive(self.runtime, envelope, None)

    def events(self, event_type: str | None = None) -> list[dict[str, Any]]:
        """The envelopes in the outbox, oldest first, of one type or of all."""
        from .outbox import OutboxRow

        with self.system() as session:
            rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
            return [row.envelope for row in rows if event_type in (None, row.type)]

    def run_jobs(self) -> int:
        """Run every waiting background job."""
        from .jobs import run_due

        return run_due(self.runtime, limit=100)


@contextmanager
def statements_of(runtime: Runtime) -> Iterator[list[str]]:
    """The statements that a service sends to its database within the block, as they come."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(runtime.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", note)


class Client:
    """Calls the public API of a service as one caller; paths are relative to ``/api/v1``."""

    def __init__(self, bench: Bench, principal: Principal | None) -> None:
        self.bench = bench
        self.principal = principal
        self._client: FlaskClient = bench.app.test_client()
        self._headers = {HEADER: sign(principal, bench.service.name, KEY)} if principal else {}

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        """One request. ``key`` sends an Idempotency-Key, ``version`` an If-Match."""
        headers = {**self._headers, **more.pop("headers", {})}
        if "key" in more:
            headers["Idempotency-Key"] = more.pop("key")
        if "version" in more:
            headers["If-Match"] = f'"{more.pop("version")}"'
        if json is not None:
            more |= {"data": orjson.dumps(json, default=str), "content_type": "application/json"}
        target = path if path.startswith(("/api", "/internal", "/readyz")) else f"/api/v1{path}"
        return self._client.open(target, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET."""
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        """POST with an Idempotency-Key of its own unless one is given."""
        more.setdefault("key", str(ids.uuid7()))
        return self.call("POST", path, json, **more)

    def patch(self, path: str, json: Any, **more: Any) -> TestResponse:
        """PATCH."""
        return self.call("PATCH", path, json, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        """DELETE."""
        return self.call("DELETE", path, **more)


@contextmanager
def _administrator() -> Iterator[Connection]:
    engine = create_engine(sqlalchemy_url(os.environ["CRM_TEST_POSTGRES_URL"]), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _database(service: Service) -> tuple[str, str]:
    """A new database for the service, cloned from a migrated template: owner's and web role's URL."""
    admin = os.environ["CRM_TEST_POSTGRES_URL"]
    prefix = service.package
    template, name = f"{prefix}_template", f"{prefix}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_made)}"
    with _administrator() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:n))"), {"n": template})
        roles = (f"{prefix}_owner", f"{prefix}_web")
        for role in roles:
            if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role}):
                connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{_ROLE_PASSWORD}'"))
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :d"), {"d": template}):
            connection.execute(text(f"CREATE DATABASE {template} OWNER {roles[0]}"))
            owner, web = (_url(admin, role, template) for role in roles)
            settings = Settings(service=service.name, database_url=web, database_owner_url=owner)
            migrations.migrate(service, settings)
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {roles[0]}"))
        connection.execute(text("SELECT pg_advisory_unlock(hashtext(:n))"), {"n": template})
    return _url(admin, roles[0], name), _url(admin, roles[1], name)


def _url(admin: str, role: str, database: str) -> str:
    _, _, rest = admin.partition("@")
    host = rest.partition("/")[0]
    query = f"?{rest.partition('?')[2]}" if "?" in rest else ""
    return f"postgresql://{role}:{_ROLE_PASSWORD}@{host}/{database}{query}"


def key_for(*parts: str) -> str:
    """A stable idempotency key from words, for tests that repeat a call."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
