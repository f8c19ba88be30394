"""``crm status``: what runs, how it is, and how far the events are behind."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psutil
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from crm_chassis import process_beats, standing
from crm_chassis.database import sqlalchemy_url
from crm_chassis.process_beats import ALIVE_S, KINDS

from .alive import is_ready
from .databases import ServiceDatabase, in_database
from .home import Home, find_process
from .installation import Installation

_ANSWERS_WITHIN_MS = 5000
_FIRST_SIGN_S = 60  # a machine that starts everything at once is slow


def collect(home: Home, installation: Installation) -> dict[str, Any]:
    """The state of a running installation, in the shape `crm status --json` prints."""
    state = home.read_state()
    supervisor = home.supervisor()
    with ThreadPoolExecutor(8) as pool:
        queues = list(pool.map(partial(_queue, installation.server_url), installation.databases.values()))
        silence = {f"{row['service']}-{kind}": row[f"{kind}_silent_s"] for row in queues for kind in KINDS}
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
        "health": _health(row, process, _is_silent(silent_s, up_s)),
        "memory_bytes": _memory(process) if process else 0,
        "restarts": row["restarts"],
        "last_exit": row["last_exit"],
        "up_s": up_s,
    }


def _is_silent(silent_s: float | None, up_s: float) -> bool:
    """Whether a worker or relay that runs for ``up_s`` should have given a sign of life and did not.

    silent_s: since the last sign of any of its kind, which may be its predecessor's; None when there never was one.
    """
    return up_s > _FIRST_SIGN_S if silent_s is None else min(silent_s, up_s) > ALIVE_S


def _health(row: Mapping[str, Any], process: psutil.Process | None, silent: bool) -> str:
    """Sum up a process in a word.

    ``ok``; ``not ready``: a web process that cannot serve; ``silent``: a worker or relay that gave no sign of life for
    a while, or none since it was started; ``done``: a task; ``down``.
    """
    if process is None:
        return "done" if row["role"] == "task" and row["last_exit"] == 0 else "down"
    if row["role"] in {"web", "edge"} and not is_ready(row["port"]):
        return "not ready"
    if silent and row["role"] in KINDS:
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
    lag, silence = _ask(in_database(server_url, database.name))
    outbox, inbox = lag.get("outbox", {}), lag.get("inbox", {})
    return {
        "service": database.service,
        "outbox_waiting": outbox.get("unpublished"),
        "outbox_oldest_s": _rounded(outbox.get("oldest_s")),
        "inbox_waiting": inbox["pending"] + inbox["parked"] if inbox else None,
        "inbox_oldest_s": _rounded(inbox.get("oldest_s")),
        "inbox_dead": inbox.get("dead"),
        **{f"{kind}_silent_s": _rounded(silence.get(kind)) for kind in KINDS},
    }


def _ask(url: str) -> tuple[dict[str, Any], dict[str, float]]:
    """What waits in a service and how long which of its processes are silent; nothing without its database."""
    options = {"connect_timeout": 3, "options": f"-c statement_timeout={_ANSWERS_WITHIN_MS}"}
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool, connect_args=options)
    try:
        with Session(engine) as session:
            return standing.lag(session), process_beats.silence_s(session)
    except SQLAlchemyError:
        return {}, {}


def _rounded(seconds: float | None) -> float | None:
    """Seconds to the tenth; None for what nobody can tell, such as how long one is silent that never gave a sign."""
    return None if seconds is None or math.isinf(seconds) else round(seconds, 1)


def _number(value: float | None, unit: str = "") -> str:
    return "?" if value is None else f"{value:g}{unit}"


def _megabytes(count: int) -> str:
    return f"{count / 1024 / 1024:.0f} MB"


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
