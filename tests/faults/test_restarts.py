"""Restarts in turn, a second beat, wrong clocks, and one service that is too slow for the others' good."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from faults.clients import Attempt, Clients, Journal
from faults.oracle import Databases
from faults.stage import Stage, databases
from faults.test_relay import another
from psycopg import sql
from system import eventually

pytestmark = [pytest.mark.timeout(600), pytest.mark.brokers("amqp")]


@pytest.mark.slow
@pytest.mark.fault(27)
@pytest.mark.brokers("amqp", "redis", "poll")
def test_every_process_is_restarted_in_turn(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        _replace(faulty, *faulty.names("web", "worker", "relay"))

    assert not _failed(journal)
    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(27, 31)
def test_the_next_release_beside_this_one(faulty: Stage, work: Clients, checked: Any) -> None:
    """An upgrade in its order: every schema grows, senders say more than readers know, then the readers are replaced."""
    with work as journal:
        eventually(lambda: len(journal.done) > 20, 60)
        with Databases(databases(faulty)) as found:
            for service in found.services:
                _grow(found, service)
            for service in ("customer", "sales"):
                found.execute(service, sql.SQL(_SAY_MORE))
            faulty.healed.append(lambda: _say_as_before(faulty))
            count = "SELECT count(*) FROM inbox WHERE envelope->'data' ? 'said_by_the_next_release'"
            eventually(lambda: found.rows("insight", count) != [(0,)], 60)
            _replace(faulty, "customer-web", "customer-worker", "insight-worker", "sales-web", "notify-worker")

    assert not _failed(journal)
    checked(journal)


_SAY_MORE = """
CREATE FUNCTION say_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.envelope := jsonb_set(NEW.envelope, '{data,said_by_the_next_release}', '{"at": "length"}');
    RETURN NEW;
END $$;
CREATE TRIGGER say_more BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION say_more()
"""


def _say_as_before(stage: Stage) -> None:
    with Databases(databases(stage)) as found:
        for service in ("customer", "sales"):
            found.execute(service, sql.SQL("DROP FUNCTION say_more CASCADE"))


def _grow(found: Databases, service: str) -> None:
    """What the first half of a migration does: nullable columns and columns with a default, in every table."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    for (table,) in found.rows(service, tables):
        grow = "ALTER TABLE {} ADD COLUMN of_the_next_release text, ADD COLUMN counted_by_it integer NOT NULL DEFAULT 0"
        found.execute(service, sql.SQL(grow).format(sql.Identifier(table)))


def _replace(stage: Stage, *names: str) -> None:
    """End processes one after the other as an operator does, each when its predecessor's successor serves."""
    for name in names:
        before = stage.signal(name, signal.SIGTERM)
        eventually(lambda name=name, before=before: stage.restarted(name, before), 60)
        eventually(lambda name=name: stage.ready(name), 60)


def _failed(journal: Journal) -> list[Attempt]:
    """The keyed requests that were not answered, or with a failure of ours."""
    return [each for each in journal.attempts if each.method == "POST" and not 0 < each.status < 500]


@pytest.mark.slow
@pytest.mark.fault(28)
@pytest.mark.brokers("amqp", "redis")
def test_two_beats(faulty: Stage, work: Clients, checked: Any) -> None:
    with another(faulty, "beat", "gateway"), work as journal:
        time.sleep(25)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(29)
def test_clocks_an_hour_ahead_and_behind(faulty: Stage, work: Clients, checked: Any) -> None:
    """They are ended as an operator does, so no mail is in doubt: whatever is sent twice, the clocks had sent twice."""
    names = ("notify-worker", "sales-worker", "customer-relay", "sales-web")
    with work as journal:
        for offset_s in (3600, -3600):
            for name in names:
                faulty.set(name, CLOCK_OFFSET_S=str(offset_s))
            _replace(faulty, *names)
            time.sleep(5)
        for name in names:
            faulty.set(name)
        _replace(faulty, *names)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(30)
def test_one_service_stands_still_and_the_others_do_not(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        time.sleep(1)
        began = time.monotonic()
        with faulty.frozen("service-desk-web"):
            time.sleep(10)
        ended = time.monotonic()

    during = [each for each in journal.attempts if began < each.at < ended]
    others = [each for each in during if not each.path.startswith("/requests")]
    slow = [
        each for each in others if each.took_s > 2 or (not 200 <= each.status < 300 and each.status not in {412, 422})
    ]
    assert others
    assert not slow, slow[:5]
    stuck = [each for each in during if each.path.startswith("/requests")]
    assert all(each.took_s < 12 for each in stuck), stuck
    checked(journal)
