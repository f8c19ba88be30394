"""Health checks of containers: ``python -m crm_local.alive web|worker|relay|beat``.

Exit code 0 means that the process does its work. Its own environment says where it listens and what it uses.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

_SILENT_AFTER_S = 30
_BROKER_PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}
_HEARD = """
SELECT 1 FROM process_beats WHERE name = %s AND host = %s AND at > now() - make_interval(secs => %s)
"""


def is_ready(port: int) -> bool:
    """Whether the web process on that port of this machine says it can serve."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def gives_signs(kind: str, database_url: str) -> bool:
    """Whether a worker or relay of this host has renewed its row in ``process_beats`` of late."""
    import psycopg

    try:
        with psycopg.connect(database_url, connect_timeout=3) as connection:
            found = connection.execute(_HEARD, [kind, socket.gethostname(), _SILENT_AFTER_S]).fetchone()
    except psycopg.Error:
        return False
    return found is not None


def reaches_broker(broker_url: str) -> bool:
    """Whether the broker takes a connection, which is all that beat needs."""
    parts = urlsplit(broker_url)
    address = (parts.hostname or "", parts.port or _BROKER_PORTS[parts.scheme])
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError:
        return False
    return True


def check(kind: str, environment: Mapping[str, str] = os.environ) -> bool:
    """The answer for one kind of process, by its own environment. Raises KeyError for another kind."""
    checks = {
        "web": lambda: is_ready(int(environment["PORT"])),
        "worker": lambda: gives_signs("worker", environment["DATABASE_URL"]),
        "relay": lambda: gives_signs("relay", environment["DATABASE_URL"]),
        "beat": lambda: reaches_broker(environment["BROKER_URL"]),
    }
    return checks[kind]()


if __name__ == "__main__":
    raise SystemExit(0 if check(sys.argv[1]) else 1)
