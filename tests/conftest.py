"""One PostgreSQL for the whole run, started by the process that controls the run and handed to xdist's workers."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from fault_table import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
    say_failures_at_once,
)
from system import system  # a fixture

from crm_chassis.testing_servers import Server, ServerUnavailable, start_postgres

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_terminal_summary", "system"]

POSTGRES = "CRM_TEST_POSTGRES_URL"
_started: list[Server] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL unless the environment names one; workers find it there."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: a stopped run stops its servers too
    say_failures_at_once(config)
    if hasattr(config, "workerinput") or os.environ.get(POSTGRES) or config.option.collectonly:
        return
    try:
        server = start_postgres()
    except ServerUnavailable as error:
        raise pytest.UsageError(str(error)) from error
    _started.append(server)
    os.environ[POSTGRES] = server.url


def pytest_unconfigure() -> None:
    """Stop what was started here."""
    while _started:
        _started.pop().stop()
        os.environ.pop(POSTGRES, None)
