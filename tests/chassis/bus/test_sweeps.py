"""A sweep over many events: known ones are passed by their ids, and what is due in the inbox does not wait for its end."""

from __future__ import annotations

from typing import Any

import pytest
from chassis.bus.bus_world import World
from sqlalchemy import text

from crm_chassis import inbox, outbox_feed, sweeper


class Reader(sweeper.Sweeper):
    """Reads the ledger's feed from its table, and notes which pages it asked for."""

    def __init__(self, world: World) -> None:
        super().__init__(world["mirror"])
        self.world = world
        self.asked: list[tuple[str, int]] = []

    def _page(self, source: str, after: int, limit: int = 10, *, ids_only: bool = False) -> dict[str, Any]:
        self.asked.append(("ids" if ids_only else "events", after))
        with self.world.transaction(source) as session:
            return outbox_feed.read(session, after, self._patterns, limit, ids_only=ids_only)


@pytest.fixture
def world(world_without_broker: World) -> World:
    """A hundred numbered events of the ledger."""
    world_without_broker.commit(accounts=100)
    with world_without_broker.relay() as relay:
        relay.step()
    return world_without_broker


def bring(world: World, *, but: set[int]) -> None:
    """What the broker brought: every event but those with these numbers."""
    brought = [each for each in enumerate(world.envelopes(), start=1) if each[0] not in but]
    with world.transaction("mirror") as session:
        assert inbox.take_in(session, brought) == 100 - len(but)


def test_what_the_broker_brought_is_passed_by_its_ids(world: World) -> None:
    bring(world, but=set())
    reader = Reader(world)

    assert reader.sweep() == 0

    assert reader.asked == [("events", 0), ("ids", 10), ("events", 100)]
    with world.transaction("mirror") as session:
        assert sweeper.marks(session) == {"ledger": 100}


def test_what_the_broker_lost_among_much_that_came_is_found(world: World) -> None:
    bring(world, but={5, 47, 48, 100})
    reader = Reader(world)

    assert reader.sweep() == 4

    assert {row.pos for row in world.inbox().values()} == set(range(1, 101))
    assert [after for what, after in reader.asked if what == "events"] == [0, 10, 46, 56, 99]


def test_where_the_broker_brought_nothing_no_ids_are_asked_for(world: World) -> None:
    reader = Reader(world)

    assert reader.sweep() == 100

    assert {what for what, _ in reader.asked} == {"events"}


def test_ids_are_passed_only_if_the_mark_is_where_it_was(world: World) -> None:
    bring(world, but=set())
    with world.transaction("mirror") as session:
        sweeper.mark_of(session, "ledger").pos = 70
    with world.transaction("ledger") as session:
        page = outbox_feed.read(session, 10, limit=20, ids_only=True)

    with world["mirror"].activate():
        sweeper._pass_known("ledger", 10, page)

    with world.transaction("mirror") as session:
        assert sweeper.marks(session) == {"ledger": 70}


def test_a_long_sweep_lets_what_is_due_have_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_AT_ONCE_S", 0.0)
    reader = Reader(world)

    assert reader.step(), "there is more to do at once"

    assert len(world.inbox()) == len(world.effects()) == 10
    while reader.step():
        pass
    assert world.handled_once(100)
    assert reader.asked.count(("events", 0)) == 1


def test_a_sweep_that_found_its_end_rests(world: World) -> None:
    reader = Reader(world)
    while reader.step():
        pass
    asked = len(reader.asked)
    with world.transaction("ledger") as session:
        session.execute(text("UPDATE outbox SET pos = pos + 1000"))

    assert not reader.step()

    assert len(reader.asked) == asked, "the next sweep is not due"
