"""``crm status``: what runs, how it is, and how far the events are behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psutil
import psycopg

from crm_chassis.process_beats import ALIVE_S

from .alive import is_ready
from .databases import ServiceDatabase, in_database
from .home import Home, find_process
from .installation import Installation

_QUEUES = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL),
       (SELECT coalesce(round(extract(epoch FROM now() - min(created_at)), 1), 0)::float8
          FROM outbox WHERE published_at IS NULL),
       (SELECT count(*) FROM inbox WHERE status NOT IN ('done', 'ignored', 'dead')),
       (SELECT coalesce(round(extract(epoch FROM now() - min(received_at)), 1), 0)::float8
          FROM inbox WHERE status NOT IN ('done', 'ignored', 'dead')),
       (SELECT count(*) FROM inbox WHERE status = 'dead')
"""


_BEATS = "SELECT name, round(extract(epoch FROM now() - max(at)), 1)::float8 FROM process_beats GROUP BY name"
_BEATING = ("worker", "relay")


def collect(home: Home, installation: Installation) -> dict[str, Any]:
    """The state of a running installation, in the shape `crm status --json` prints."""
    state = home.read_state()
    supervisor = home.supervisor()
    with ThreadPoolExecutor(8) as pool:
        queues = list(pool.map(partial(_queue, installation.server_url), installation.databases.values()))
        silence = {f"{row['service']}-{kind}": row[f"{kind}_silent_s"] for row in queues for kind in _BEATING}
        processes = list(pool.map(lambda row: _process(row, silence.get(row["name"])), state["processes"]))
    supervisor_bytes = _memory(supervisor, with_children=False) if supervisor else 0
    return {
        "address": state["address"],
        "pid": supervisor.pid if supervisor else None,
        "up_s": round(time.time() - state["since"]),
        "memory_bytes": supervisor_bytes + sum(row["memory_bytes"] for row in processes),
        "processes": processes,
        "queues": queues,
    }


def render(status: Mapping[str, Any]) -> str:
    """The status as tables for a terminal."""
    lines = [
        f"Banyan at {status['address']}, pid {status['pid']}, {_megabytes(status['memory_bytes'])} in all",
        "",
    ]
    rows: list[tuple[str, ...]] = [("PROCESS", "PID", "STATE", "PORT", "HEALTH", "MEMORY", "RESTARTS", "UP")]
    rows += [
        (
            row["name"],
            str(row["pid"] or "-"),
            row["state"],
            str(row["port"] or "-"),
            row["health"],
            _megabytes(row["memory_bytes"]),
            str(row["restarts"]),
            f"{row['up_s']} s",
        )
        for row in status["processes"]
    ]
    queues: list[tuple[str, ...]] = [("SERVICE", "OUTBOX", "OLDEST", "INBOX", "OLDEST", "DEAD")]
    queues += [
        (
            row["service"],
            _number(row["outbox_waiting"]),
            _number(row["outbox_oldest_s"], " s"),
            _number(row["inbox_waiting"]),
            _number(row["inbox_oldest_s"], " s"),
            _number(row["inbox_dead"]),
        )
        for row in status["queues"]
    ]
    return "\n".join([*lines, *_columns(rows), "", *_columns(queues)])


def _process(row: Mapping[str, Any], silent_s: float | None) -> dict[str, Any]:
    process = find_process(row["process"] or {})
    up_s = round(time.time() - row["process"]["started"]) if process else 0
    return {
        "name": row["name"],
        "role": row["role"],
        "pid": process.pid if process else None,
        "state": row["state"],
        "port": row["port"],
        "health": _health(row, process, min(silent_s or 0, up_s)),
        "memory_bytes": _memory(process) if process else 0,
        "restarts": row["restarts"],
        "last_exit": row["last_exit"],
        "up_s": up_s,
    }


def _health(row: Mapping[str, Any], process: psutil.Process | None, silent_s: float) -> str:
    """Sum up a process in a word.

    ``ok``; ``not ready``: a web process that cannot serve; ``silent``: a worker or relay that gave no sign of life for
    a while; ``done``: a task; ``down``.
    """
    if process is None:
        return "done" if row["role"] == "task" and row["last_exit"] == 0 else "down"
    if row["role"] in {"web", "edge"} and not is_ready(row["port"]):
        return "not ready"
    if silent_s > ALIVE_S:
        return "silent"
    return "ok"


def _memory(process: psutil.Process, *, with_children: bool = True) -> int:
    """Bytes of a process and its descendants, shared pages divided among those who share them where Linux tells."""
    try:
        members = [
            process,
            *(process.children(recursive=True) if with_children else []),
        ]
    except psutil.NoSuchProcess:
        return 0
    return sum(_share(member) for member in members)


def _share(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _queue(server_url: str, database: ServiceDatabase) -> dict[str, Any]:
    """The lag of one service; every number is None while its database cannot be asked."""
    numbers, beats = _ask(in_database(server_url, database.name))
    outbox, outbox_age, inbox, inbox_age, dead = numbers
    return {
        "service": database.service,
        "outbox_waiting": outbox,
        "outbox_oldest_s": outbox_age,
        "inbox_waiting": inbox,
        "inbox_oldest_s": inbox_age,
        "inbox_dead": dead,
        **{f"{kind}_silent_s": beats.get(kind) for kind in _BEATING},
    }


def _ask(url: str) -> tuple[tuple[float | None, ...], dict[str, float]]:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            numbers = connection.execute(_QUEUES).fetchone() or ()
            return tuple(numbers), dict(connection.execute(_BEATS).fetchall())
    except psycopg.Error:
        return (None,) * 5, {}


def _number(value: float | None, unit: str = "") -> str:
    return "?" if value is None else f"{value:g}{unit}"


def _megabytes(count: int) -> str:
    return f"{count / 1024 / 1024:.0f} MB"


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
