"""Events that share a message: taken into the inbox whole, handled from there, and waited for when the database is away."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import Reject
from chassis.bus.bus_world import World, eventually
from sqlalchemy.exc import OperationalError

from crm_chassis import inbox, worker

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"


@pytest.fixture
def alone(world_without_broker: World) -> World:
    """Ledger and mirror with nothing but their databases."""
    return world_without_broker


def message(world: World) -> list[Any]:
    """What the ledger announced, as one message's documents."""
    return [[event.to_dict(), pos] for pos, event in enumerate(world.envelopes(), start=1)]


def test_a_backlog_that_comes_twice_is_handled_once(alone: World) -> None:
    expected = alone.commit(accounts=30, versions=2)
    for _ in range(2):
        worker.take_in(alone["mirror"], message(alone))
        while inbox.retry_due(alone["mirror"]):
            pass
    assert alone.handled_once(expected)
    assert {row.pos for row in alone.inbox().values()} == set(range(1, expected + 1))


def test_a_backlog_and_its_events_one_by_one_are_handled_once(world: World) -> None:
    expected = world.commit(accounts=30)
    with world.relay() as relay:
        assert relay.step() == expected
    for pos, event in enumerate(world.envelopes()[:10], start=1):
        inbox.receive(world["mirror"], event, pos)
    world.start("worker", "mirror")
    eventually(lambda: world.handled_once(expected))
    assert [row.status for row in world.inbox().values()] == ["done"] * expected


def test_one_of_a_backlog_that_fails_pays_alone(alone: World) -> None:
    alone.commit(accounts=1, behaviour="fail")
    expected = alone.commit(accounts=20)
    bad = alone.envelopes()[0].id
    worker.take_in(alone["mirror"], message(alone))
    inbox.retry_due(alone["mirror"])
    assert alone.handled_once(expected)
    assert (alone.inbox()[bad].status, alone.inbox()[bad].attempts) == ("pending", 1)


def test_a_backlog_waits_for_the_database(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = alone.commit(accounts=20)
    whole, tries = inbox.take_in, []

    def away_at_first(*arguments: Any) -> int:
        tries.append(arguments)
        if len(tries) == 1:
            raise OperationalError("connect", None, ConnectionError("away"))
        return whole(*arguments)

    monkeypatch.setattr(inbox, "take_in", away_at_first)
    worker.take_in(alone["mirror"], message(alone))
    assert len(alone.inbox()) == expected


def test_a_backlog_is_left_to_the_sweeper_when_the_database_stays_away(
    alone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone.commit(accounts=20)
    monkeypatch.setattr(worker, "_DATABASE_PATIENCE_S", 0.0)
    with pytest.raises(Reject):
        worker.take_in(alone.with_settings("mirror", database_url=NOWHERE), message(alone))


def test_what_is_no_backlog_is_rejected(alone: World) -> None:
    alone.commit(accounts=1)
    for wrong in ([[{"specversion": "1.0"}, 1]], [message(alone)[0][0]], [7]):
        with pytest.raises(Reject):
            worker.take_in(alone["mirror"], wrong)
    assert not alone.inbox()
