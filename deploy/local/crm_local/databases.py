"""One database and two roles per service: the owner migrates, the service itself owns nothing and bypasses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import Connection, sql

from .failures import CannotStart
from .home import Secrets

SIGNING_KEY = "signing_key"
"""What the services encrypt secrets under that lie in their databases."""


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """The database of one service with its two sign-ins."""

    service: str
    name: str
    app_url: str
    owner_url: str

    @property
    def owner(self) -> str:
        """The role that owns database and tables."""
        return f"{self.name}_owner"


def database_of(service: str, server_url: str, secrets: Secrets) -> ServiceDatabase:
    """Names, passwords and URLs of a service's database on the server of ``server_url``."""
    name = "crm_" + service.replace("-", "_")
    return ServiceDatabase(
        service,
        name,
        app_url=sign_in(server_url, name, secrets.get(f"database:{name}"), name),
        owner_url=sign_in(server_url, f"{name}_owner", secrets.get(f"database:{name}_owner"), name),
    )


def sign_in(server_url: str, role: str, password: str, database: str) -> str:
    """The server's URL with another role, password and database."""
    parts = urlsplit(server_url)
    place = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(role)}:{quote(password, safe='')}@{place}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


def provision(server_url: str, databases: Iterable[ServiceDatabase], secrets: Secrets) -> None:
    """Create what is missing of roles, databases and rights; safe to repeat.

    ``server_url`` signs in as a role that may create roles and databases. Raises CannotStart when it cannot, and for
    databases that are there without the signing key of their secrets.
    """
    databases = tuple(databases)
    try:
        with psycopg.connect(server_url, autocommit=True, connect_timeout=5) as connection:
            _settle_signing_key(connection, [database.name for database in databases], secrets)
            for database in databases:
                _provision(connection, database, secrets)
    except psycopg.Error as error:
        raise CannotStart(f"the databases cannot be prepared: {str(error).strip()}") from error


def _settle_signing_key(connection: Connection, names: list[str], secrets: Secrets) -> None:
    """The key is written down before the first database is made, so that a database is never without its key."""
    there = connection.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s) LIMIT 1", [names]).fetchone()
    if there:
        secrets.refuse_to_replace(SIGNING_KEY, f"there is a database {there[0]} already")
    secrets.get(SIGNING_KEY)


def _provision(connection: Connection, database: ServiceDatabase, secrets: Secrets) -> None:
    for role in (database.name, database.owner):
        _ensure_role(connection, role, secrets.get(f"database:{role}"))
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database.name]).fetchone()
    if known:
        return
    owner, app, name = (sql.Identifier(word) for word in (database.owner, database.name, database.name))
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(name, owner))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, app))


def _ensure_role(connection: Connection, role: str, password: str) -> None:
    """Create the role without any privilege, or give an existing one this installation's password.

    Raises CannotStart for an existing role that row-level security would not hold.
    """
    known = connection.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if known == (True,):
        raise CannotStart(f"the role {role} is a superuser or bypasses row-level security: take that from it first")
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password))
    )


def in_database(server_url: str, database: str) -> str:
    """The server's URL with the same role in another database."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))
