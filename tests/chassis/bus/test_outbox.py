"""Announcing facts, the feed that serves them, and the relay's book-keeping."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import urllib3
from chassis.bus.bus_world import INTERNAL_KEY, World
from chassis.bus.ledger_and_mirror import AUDITED, CHANGED, COPIED, Account, change_account
from prometheus_client import generate_latest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crm_chassis import clock, messaging_metrics, outbox, outbox_feed, process_beats
from crm_chassis.outbox import OutboxError, OutboxRow, to_json
from crm_chassis.sweeper import Sweeper, marks, rewind
from crm_contracts.subscriptions import PATTERNS


@pytest.fixture
def world(world_without_broker: World) -> World:
    """None of this needs a broker."""
    return world_without_broker


class ChangedMyMind(Exception):
    """Ends a transaction without a commit."""


def write_and_give_up(world: World) -> None:
    with world.transaction("ledger") as session:
        change_account(session, uuid4(), 1, balance=1)
        session.flush()
        raise ChangedMyMind


def test_an_event_exists_exactly_when_its_row_does(world: World) -> None:
    with pytest.raises(ChangedMyMind):
        write_and_give_up(world)
    assert world.outbox() == []
    world.commit(accounts=1)
    with world.transaction("ledger") as session:
        assert session.scalar(select(Account.id)) == world.outbox()[0].aggregate_id


@pytest.mark.parametrize(
    ("event_type", "payload", "message"),
    [
        ("crm.ledger.account.invented.v1", {"id": "x", "balance": 1}, "not in crm_contracts"),
        (COPIED, {"id": "x", "balance": 1}, "announced by mirror"),
        (CHANGED, {"id": "x"}, "lacks balance"),
        (CHANGED, {"id": None, "balance": 1}, "lacks id"),
        (CHANGED, {"id": "x", "balance": object()}, "cannot carry a object"),
        (CHANGED, {"id": "x", "balance": 1, "at": datetime(2026, 1, 1)}, "without a time zone"),  # noqa: DTZ001
    ],
)
def test_what_the_contract_does_not_allow_cannot_be_announced(
    world: World, event_type: str, payload: dict[str, object], message: str
) -> None:
    with world.transaction("ledger") as session, pytest.raises(OutboxError, match=message):
        outbox.record(session, event_type, uuid4(), payload, version=1, unit_id=None)


def test_one_version_of_an_aggregate_announces_a_fact_once(world: World) -> None:
    account_id = uuid4()
    with world.transaction("ledger") as session:
        change_account(session, account_id, 1, balance=1)
        session.flush()
        change_account(session, account_id, 1, balance=2)
        with pytest.raises(IntegrityError, match="uq_outbox_fact"):
            session.flush()
        session.rollback()


def test_payload_values_have_one_json_form() -> None:
    shanghai = timezone(timedelta(hours=8))
    value = {
        "id": UUID(int=1),
        "amount": Decimal("12.30"),
        "at": datetime(2026, 3, 1, 8, 0, tzinfo=shanghai),
        "on": date(2026, 3, 1),
        "lines": ({"n": 1}, None, True),
    }
    assert to_json(value) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "amount": "12.30",
        "at": "2026-03-01T00:00:00Z",
        "on": "2026-03-01",
        "lines": [{"n": 1}, None, True],
    }


def test_numbers_are_gapless_although_the_table_ids_are_not(world: World) -> None:
    world.commit(accounts=2)
    with pytest.raises(ChangedMyMind):
        write_and_give_up(world)
    world.commit(accounts=2)
    with world.relay() as relay:
        assert relay.step() == 4
        assert relay.step() == 0
    rows = world.outbox()
    assert [row.pos for row in rows] == [1, 2, 3, 4]
    assert [row.id for row in rows] != [1, 2, 3, 4]


def test_while_somebody_leads_another_relay_does_nothing(world: World) -> None:
    world.commit(accounts=1)
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('relay:ledger', 0))")
    with world["ledger"].database.engine.begin() as leader, world.relay() as relay:
        leader.execute(lock)
        assert relay.step() == 0
        assert [row.pos for row in world.outbox()] == [None]
    with world.relay() as relay:
        assert relay.step() == 1


def test_the_newest_number_survives_retention(world: World) -> None:
    world.commit(accounts=3)
    with world.relay() as relay:
        relay.step()
        with clock.frozen(datetime.now(UTC) + timedelta(days=31)), world.transaction("ledger") as session:
            outbox.RETENTION.run(session)
        assert [row.pos for row in world.outbox()] == [3]
        world.commit(accounts=1)
        relay.step()
    assert [row.pos for row in world.outbox()] == [3, 4]


def test_retention_goes_batch_by_batch_and_from_the_oldest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_FORGOTTEN_AT_ONCE", 2)
    world.commit(accounts=5)
    with world.relay() as relay:
        relay.step()
    with clock.frozen(datetime.now(UTC) + timedelta(days=31)):
        for left in ([3, 4, 5], [5], [5]):
            with world.transaction("ledger") as session:
                outbox.RETENTION.run(session)
            assert [row.pos for row in world.outbox()] == left


def test_the_feed_serves_numbered_events_by_page_and_pattern(world: World) -> None:
    world.commit(accounts=3)
    world.commit(accounts=2, type=AUDITED)
    with world.relay() as relay:
        relay.step()
    world.commit(accounts=1)  # committed, not numbered: not served yet
    with world.transaction("ledger") as session:
        page = outbox_feed.read(session, after=0, limit=2)
        assert ([each["pos"] for each in page["events"]], page["scanned_through"]) == ([1, 2], 2)
        page = outbox_feed.read(session, after=2, patterns=("crm.ledger.account.changed.v1",))
        assert ([each["pos"] for each in page["events"]], page["scanned_through"]) == ([3], 5)
        page = outbox_feed.read(session, after=0, patterns=("crm.sales.#",))
        assert (page["events"], page["scanned_through"]) == ([], 5)
        assert session.scalar(select(OutboxRow.pos).where(OutboxRow.pos.is_(None))) is None


def test_a_page_of_the_feed_looks_at_so_many_rows_however_rare_what_is_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_feed, "_SCANNED_MAX", 3)
    world.commit(accounts=7)
    world.commit(accounts=1, type=AUDITED)
    with world.relay() as relay:
        relay.step()
    with world.transaction("ledger") as session:
        page = outbox_feed.read(session, after=0, patterns=(AUDITED,))
        assert page == {"events": [], "scanned_through": 3, "more": True}
        page = outbox_feed.read(session, after=6, patterns=(AUDITED,))
        assert ([each["pos"] for each in page["events"]], page["scanned_through"], page["more"]) == ([8], 8, False)
        session.execute(text("DELETE FROM outbox WHERE pos < 6"))
        page = outbox_feed.read(session, after=0)
        assert [each["pos"] for each in page["events"]] == [6, 7, 8], "what was forgotten is stepped over at once"


def test_a_sweep_goes_on_to_the_end_over_pages_without_anything_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_feed, "_SCANNED_MAX", 3)
    monkeypatch.setitem(PATTERNS, "mirror", (AUDITED,))
    world.commit(accounts=7)
    world.commit(accounts=1, type=AUDITED)
    with world.relay() as relay, world.feed():
        relay.step()
        assert Sweeper(world["mirror"]).sweep() == 1
    with world.transaction("mirror") as session:
        assert marks(session) == {"ledger": 8}


def test_a_sweeper_reads_a_feed_of_the_release_before_which_does_not_say_whether_there_is_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = outbox_feed.read

    def read_as_before(session: Any, after: int, patterns: Any, limit: int, **_: Any) -> dict[str, Any]:
        page = read(session, after, patterns, min(limit, 1000))
        return {name: page[name] for name in ("events", "scanned_through")}

    world.commit(accounts=outbox_feed.PAGE + 1)
    with world.relay() as relay, world.feed():
        while relay.step():
            pass
        monkeypatch.setattr(outbox_feed, "read", read_as_before)
        assert Sweeper(world["mirror"]).sweep() == outbox_feed.PAGE + 1
        with world.transaction("mirror") as session:
            rewind(session, "ledger", 0)
        assert Sweeper(world["mirror"]).sweep() == 0
    with world.transaction("mirror") as session:
        assert marks(session) == {"ledger": outbox_feed.PAGE + 1}


def test_the_feed_opens_only_to_the_internal_key(world: World) -> None:
    address = f"http://127.0.0.1:{world.feed_port}/internal/events"
    with world.feed(), urllib3.PoolManager() as pool:

        def ask(query: str = "", **headers: str) -> int:
            return pool.request("GET", address + query, headers=headers).status

        key = f"Bearer {INTERNAL_KEY}"
        assert ask() == 401
        assert ask(Authorization="Bearer wrong") == 401
        assert ask(Authorization=key) == 200
        assert ask("?after=minus", Authorization=key) == 400
        assert ask("?limit=0", Authorization=key) == 400


def test_lag_tells_how_far_the_relay_is_behind(world: World) -> None:
    world.commit(accounts=2)
    with clock.frozen(clock.now() + timedelta(seconds=90)), world.transaction("ledger") as session:
        lag = outbox.lag(session)
    assert lag["unpublished"] == 2
    assert 89 <= lag["oldest_s"] <= 95


def test_prometheus_reads_the_lag_from_the_tables(world: World) -> None:
    registry = messaging_metrics.registry_of(world["ledger"])
    world.commit(accounts=2)
    process_beats.beat(world["ledger"], "relay")
    assert registry.get_sample_value("crm_outbox_unpublished") == 2
    assert registry.get_sample_value("crm_inbox_events", {"status": "dead"}) == 0
    assert registry.get_sample_value("crm_process_silence_seconds", {"process": "relay"}) < 10
    assert registry.get_sample_value("crm_process_silence_seconds", {"process": "worker"}) == math.inf


def test_while_the_database_is_away_prometheus_is_told_what_else_there_is(world: World) -> None:
    away = world.with_settings("ledger", database_url="postgresql://nobody@127.0.0.1:1/nowhere")
    assert generate_latest(messaging_metrics.registry_of(away)) == b""
