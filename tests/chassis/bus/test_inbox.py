"""The inbox by itself: duplicates, order, the ladder of retries, and what does not count as a failure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.bus.bus_world import World
from chassis.bus.ledger_and_mirror import CHANGED, STEPPED, AccountCopy, repaired
from sqlalchemy import event as sql_events
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm_chassis import clock, dead_events, inbox, inbox_rows, sweeper
from crm_chassis.inbox import RETRY_AFTER_S, InboxRow
from crm_contracts.envelope import Envelope


@pytest.fixture
def world(world_without_broker: World) -> World:
    """The inbox needs no broker."""
    repaired.clear()
    return world_without_broker


@pytest.mark.fault(18)
def test_five_copies_of_each_event_in_any_order_take_effect_once(world: World) -> None:
    expected = world.commit(accounts=8, versions=4, behaviour="keep quiet")  # no outgoing event that would be unique
    deliveries = world.envelopes() * 5
    random.Random(7).shuffle(deliveries)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda event: inbox.receive(world["mirror"], event), deliveries))
    inbox.retry_due(world["mirror"])
    assert world.handled_once(expected)
    with world.transaction("mirror") as session:
        assert set(session.scalars(select(AccountCopy.version))) == {4}
        assert set(session.scalars(select(AccountCopy.balance))) == {40}


@pytest.mark.fault(19)
def test_version_one_behind_version_three_does_not_undo_it(world: World) -> None:
    world.commit(accounts=1, versions=3)
    first, second, third = world.envelopes()
    for event in (third, first, second):
        assert inbox.receive(world["mirror"], event) == "done"
    with world.transaction("mirror") as session:
        assert session.scalar(select(AccountCopy.version)) == 3


def test_a_handler_that_needs_every_step_gets_them_in_order(world: World) -> None:
    world.commit(accounts=1, versions=3, type=STEPPED)
    first, second, third = world.envelopes()
    assert inbox.receive(world["mirror"], third) == "parked"
    assert inbox.receive(world["mirror"], second) == "parked"
    assert inbox.retry_due(world["mirror"]) == 0, "a parked event is not tried again at once"
    assert inbox.receive(world["mirror"], first) == "done"
    while inbox.retry_due(world["mirror"]):
        pass
    assert [effect.version for effect in world.effects()] == [1, 2, 3]
    assert {row.attempts for row in world.inbox().values()} <= {0, 1}


def test_a_parked_event_whose_predecessor_never_comes_is_dead_after_a_day(world: World) -> None:
    world.commit(accounts=1, versions=2, type=STEPPED)
    second = world.envelopes()[1]
    inbox.receive(world["mirror"], second)
    with clock.frozen(clock.now() + timedelta(hours=25)):
        inbox.retry_due(world["mirror"])
    assert world.inbox()[second.id].status == "dead"


@pytest.mark.fault(16)
def test_a_failing_event_climbs_the_ladder_dies_and_can_be_replayed(world: World) -> None:
    world.commit(accounts=1, behaviour="fail")
    event = world.envelopes()[0]
    now = clock.now()
    with clock.frozen(now):
        assert inbox.receive(world["mirror"], event) == "pending"
    for attempt, pause_s in enumerate(RETRY_AFTER_S, start=1):
        with clock.frozen(now + timedelta(seconds=pause_s - 0.5)):
            assert inbox.retry_due(world["mirror"]) == 0, f"attempt {attempt + 1} came too early"
        now += timedelta(seconds=pause_s)
        with clock.frozen(now):
            assert inbox.retry_due(world["mirror"]) == 1
        assert world.inbox()[event.id].attempts == attempt + 1
    row = world.inbox()[event.id]
    assert (row.status, row.next_attempt_at) == ("dead", None)
    assert row.last_error == "ValueError: this account cannot be copied"
    assert inbox.receive(world["mirror"], event) == "dead", "the broker cannot wake the dead"

    repaired.set()
    with world.transaction("mirror") as session:
        assert [letter.event_id for letter in inbox.dead_letters(session)] == [UUID(event.id)]
        assert inbox.lag(session)["dead"] == 1
        assert inbox.replay(session, "ledger", UUID(event.id))
    inbox.retry_due(world["mirror"])
    assert world.handled_once(1)
    assert [effect.replayed for effect in world.effects()] == [False], "it never took effect, so it is no replay"


def test_a_dropped_event_is_settled_for_good_unless_it_is_replayed(world: World) -> None:
    world.commit(accounts=1, behaviour="fail")
    event = world.envelopes()[0]
    now = clock.now()
    inbox.receive(world["mirror"], event)
    with world.transaction("mirror") as session:
        assert not inbox.drop(session, "ledger", UUID(event.id)), "it may still succeed"
    for pause_s in RETRY_AFTER_S:
        now += timedelta(seconds=pause_s + 1)
        with clock.frozen(now):
            inbox.retry_due(world["mirror"])
    with world.transaction("mirror") as session:
        assert inbox.drop(session, "ledger", UUID(event.id))
        assert inbox.lag(session)["dead"] == 0
        assert inbox.wake_ignored(session, (CHANGED,)) == 0
    assert inbox.receive(world["mirror"], event) == "dropped"
    assert world.effects() == []

    repaired.set()
    with world.transaction("mirror") as session:
        assert inbox.replay(session, "ledger", UUID(event.id))
    inbox.retry_due(world["mirror"])
    assert world.handled_once(1)


def test_a_failed_handler_leaves_nothing_but_its_error(world: World) -> None:
    world.commit(accounts=1, behaviour="fail")
    inbox.receive(world["mirror"], world.envelopes()[0])
    with world.transaction("mirror") as session:
        assert session.scalar(select(AccountCopy.id)) is None
        assert session.scalar(text("SELECT count(*) FROM outbox")) == 0


@contextmanager
def handled_elsewhere(world: World, event: Envelope) -> Iterator[None]:
    """While the block runs, another process handles an event of the same aggregate."""
    with world["mirror"].database.engine.begin() as connection:
        key = {"key": f"ledger:{event.subject}"}
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
        yield


def test_waiting_for_the_database_costs_no_attempt(world: World) -> None:
    world.commit(accounts=1)
    event = world.envelopes()[0]
    impatient = world.with_settings("mirror", lock_timeout_ms=100)
    with handled_elsewhere(world, event):
        assert inbox.receive(impatient, event) == "pending"
    impatient.close()
    assert world.inbox()[event.id].attempts == 0
    with clock.frozen(clock.now() + timedelta(seconds=6)):
        inbox.retry_due(world["mirror"])
    assert world.handled_once(1)


def test_without_a_database_an_event_is_neither_lost_nor_acknowledged(world: World) -> None:
    world.commit(accounts=1)
    away = world.with_settings("mirror", database_url="postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(inbox.DatabaseAway):
        inbox.receive(away, world.envelopes()[0])


def test_a_redelivered_event_is_counted_first_and_handled_from_the_database(world: World) -> None:
    world.commit(accounts=1)
    event = world.envelopes()[0]
    assert inbox.receive(world["mirror"], event, redelivered=True) == "pending"
    assert world.inbox()[event.id].attempts == 1
    assert world.effects() == []
    with clock.frozen(clock.now() + timedelta(seconds=2)):
        inbox.retry_due(world["mirror"])
    assert world.handled_once(1)


def test_an_event_whose_aggregate_is_busy_elsewhere_is_left_uncharged(world: World) -> None:
    world.commit(accounts=1)
    event = world.envelopes()[0]
    with world.transaction("mirror") as session:
        inbox.take_in(session, [(1, event)])
    with handled_elsewhere(world, event):
        assert inbox.retry_due(world["mirror"]) == 0
    assert world.inbox()[event.id].attempts == 0


@pytest.mark.fault(32)
def test_a_rebuild_handles_everything_again_and_says_so(world: World) -> None:
    expected = world.commit(accounts=3, versions=2)
    with world.relay() as relay, world.feed():
        relay.step()
        reader = sweeper.Sweeper(world["mirror"])
        reader.step()
        assert world.handled_once(expected)
        with world.transaction("mirror") as session:
            session.execute(text("TRUNCATE account_copies"))
            session.execute(text("DELETE FROM outbox"))
            session.execute(text("DELETE FROM inbox WHERE pos = 6"))  # forgotten: it must come from the feed
            inbox.replay_from(session, "ledger", 3)
        while reader.sweep() + inbox.retry_due(world["mirror"]):
            pass
    replayed = world.effects()[expected:]
    assert [effect.version for effect in replayed] == [1, 2, 2, 2]
    assert all(effect.replayed for effect in replayed)


@pytest.mark.fault(31)
def test_ignored_events_are_handled_once_their_handler_is_deployed(world: World) -> None:
    world.commit(accounts=1)
    event = world.envelopes()[0]
    handler = world["mirror"].service.handlers[CHANGED]
    deaf = world.with_handlers("mirror", {})
    assert inbox.receive(deaf, event) == "ignored"
    deaf.close()
    assert handler is not None
    with world.transaction("mirror") as session:
        assert inbox.wake_ignored(session, tuple(world["mirror"].service.handlers)) == 1
    inbox.retry_due(world["mirror"])
    assert world.handled_once(1)


def test_old_settled_events_are_forgotten_and_dead_ones_are_not(world: World) -> None:
    world.commit(accounts=3)
    done, dead, young = world.envelopes()
    for event in (done, dead, young):
        inbox.receive(world["mirror"], event)
    with world.transaction("mirror") as session:
        session.get_one(InboxRow, ("ledger", UUID(dead.id))).status = "dead"
        for event in (done, dead):
            session.get_one(InboxRow, ("ledger", UUID(event.id))).received_at -= timedelta(days=46)
        session.flush()
        inbox.RETENTION.run(session)
    assert set(world.inbox()) == {dead.id, young.id}


def test_retention_forgets_so_many_at_a_time_from_the_oldest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_rows, "_FORGOTTEN_AT_ONCE", 2)
    world.commit(accounts=3)
    for days, event in zip((46, 48, 47), world.envelopes(), strict=True):
        inbox.receive(world["mirror"], event)
        with world.transaction("mirror") as session:
            session.get_one(InboxRow, ("ledger", UUID(event.id))).received_at -= timedelta(days=days)
    with world.transaction("mirror") as session:
        inbox.RETENTION.run(session)
    assert set(world.inbox()) == {world.envelopes()[0].id}


def test_a_replay_and_the_waking_of_ignored_events_go_batch_by_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_REPLAYED_AT_ONCE", 2)
    monkeypatch.setattr(inbox, "WOKEN_AT_ONCE", 2)
    world.commit(accounts=5)
    events = list(enumerate(world.envelopes(), start=1))
    deaf = world.with_handlers("mirror", {})
    for pos, event in events:
        assert inbox.receive(deaf, event, pos) == "ignored"
    deaf.close()
    reader = sweeper.Sweeper(world["mirror"])
    for _ in range(4):
        reader.step()
    assert world.handled_once(5), "the first steps of a new worker wake what its handlers can take"

    with world["mirror"].activate():
        dead_events.replay_source("ledger", after=2)
    rows = world.inbox()
    assert [rows[event.id].status for _, event in events] == ["done", "done", "pending", "pending", "pending"]
    assert [rows[event.id].replayed for _, event in events] == [False, False, True, True, True]
    with world.transaction("mirror") as session:
        assert sweeper.marks(session) == {"ledger": 2} or sweeper.marks(session) == {"ledger": 0}


def plan_of(session: Session, work: Callable[[Session], object]) -> list[str]:
    """The plans of the statements that a piece of work runs, as lines."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    sql_events.listen(session.connection(), "before_cursor_execute", note)
    work(session)
    sql_events.remove(session.connection(), "before_cursor_execute", note)
    connection = session.connection()
    return [
        line for said, values in statements for (line,) in connection.exec_driver_sql(f"EXPLAIN {said}", values).all()
    ]


def test_what_is_asked_again_and_again_never_reads_what_is_settled(world: World) -> None:
    world.commit(accounts=3)
    for envelope in world.envelopes():
        inbox.receive(world["mirror"], envelope)
    envelopes = world.envelopes()
    with world.transaction("mirror") as session:
        session.execute(text(_MANY))
        session.commit()
    with world["mirror"].database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE inbox"))
    with world.transaction("mirror") as session:
        for work in (
            inbox.lag,
            inbox.dead_letters,
            lambda session: inbox_rows.claim(session, 50),
            lambda session: inbox_rows.locked_together(session, envelopes),
            lambda session: inbox_rows.settle_together(session, envelopes, {CHANGED}),
            lambda session: dead_events.shown(session, UUID(envelopes[0].id)),
        ):
            read = [line for line in plan_of(session, work) if "Seq Scan on inbox" in line]
            assert not read, read


_MANY = """
INSERT INTO inbox (source, event_id, pos, aggregate_id, aggregate_version, type, envelope, status, received_at, handled_at)
SELECT 'ledger', gen_random_uuid(), n, gen_random_uuid(), 1, 'crm.ledger.account.changed.v1', '{}', 'done', now(), now()
FROM generate_series(100, 20000) AS n
"""


def test_a_copy_is_written_only_by_a_newer_version(world: World) -> None:
    account_id = uuid4()
    with world.transaction("mirror") as session:
        assert inbox.upsert_copy(session, AccountCopy, {"id": account_id, "balance": 1}, 2)
        assert not inbox.upsert_copy(session, AccountCopy, {"id": account_id, "balance": 9}, 2)
        assert not inbox.upsert_copy(session, AccountCopy, {"id": account_id, "balance": 9}, 1)
        assert inbox.upsert_copy(session, AccountCopy, {"id": account_id, "balance": 3}, 3)
        assert session.execute(select(AccountCopy.version, AccountCopy.balance)).one() == (3, 3)
