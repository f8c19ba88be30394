"""PostgreSQL killed, its sessions ended, or standing still: what was answered holds, and the rest is told in time."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from faults.clients import Clients, Journal
from faults.stage import Stage, databases

pytestmark = [pytest.mark.timeout(400), pytest.mark.brokers("amqp")]

DEADLINE_S = 12.0
"""Connect 1 s and read 5 s at the gateway, once repeated: no call waits longer for its 503."""
NOT_NOTED: Any = {"resent": None, "within_s": 180}
"""The database was gone when notify wanted to note what it had sent: two minutes later another sender has it."""


@pytest.mark.fault(20)
def test_postgresql_is_killed_under_load(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        faulty.servers["postgres"].kill()
        time.sleep(3)
        faulty.servers["postgres"].start()

    told_in_time(journal)
    checked(journal, **NOT_NOTED)


@pytest.mark.slow
@pytest.mark.fault(21)
def test_sessions_are_ended_ten_times_a_second(faulty: Stage, work: Clients, checked: Any) -> None:
    url = databases(faulty)["sales"]
    end_some = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename LIKE 'crm_%' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
    )
    with work as journal, psycopg.connect(url, autocommit=True) as connection:
        for _ in range(100):
            connection.execute(end_some)
            time.sleep(0.1)

    told_in_time(journal)
    checked(journal, **NOT_NOTED)


@pytest.mark.slow
@pytest.mark.fault(22)
def test_postgresql_stands_still_for_twenty_seconds(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(2)
        with faulty.server_frozen("postgres"):
            time.sleep(20)

    told_in_time(journal)
    assert any(each.status == 503 for each in journal.attempts)
    checked(journal, **NOT_NOTED)


def told_in_time(journal: Journal) -> None:
    """Nobody waited longer than the gateway's deadline, and nobody was told that it is their fault."""
    late = [each for each in journal.attempts if each.took_s > DEADLINE_S]
    assert not late, late[:5]
    blamed = [each for each in journal.attempts if each.status in {400, 401, 403, 404}]
    assert not blamed, blamed[:5]
