"""What threads of one worker bring at the same time: handled together, each once, and each paying for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from chassis.bus.bus_world import World, eventually
from chassis.bus.ledger_and_mirror import CHANGED, STEPPED, copy_account, repaired
from sqlalchemy.orm import Session

from crm_chassis import clock, inbox
from crm_chassis.service import Turn
from crm_chassis.worker import Turns
from crm_contracts.envelope import Envelope

Deliver = Callable[..., list[bool]]
"""Events, brought at the same time -> for each batch that was handled in one transaction, whether it succeeded."""


@pytest.fixture
def world(world_without_broker: World) -> World:
    """Turns are taken whatever brings the messages."""
    repaired.clear()
    return world_without_broker


@pytest.fixture
def deliver(world: World, monkeypatch: pytest.MonkeyPatch) -> Deliver:
    """``deliver(events, redelivered=…)``: each by a thread of its own, while another message is being handled."""
    batches: list[bool] = []
    together = inbox.receive_together

    def noting(*arguments: object) -> bool:
        batches.append(together(*arguments))  # type: ignore[arg-type]
        return batches[-1]

    def bring(events: Sequence[Envelope], redelivered: Sequence[str] = ()) -> list[bool]:
        mirror = world["mirror"]
        turns = Turns(mirror)
        threads = [
            threading.Thread(target=turns.receive, args=(event, 1), kwargs={"redelivered": event.id in redelivered})
            for event in events
        ]
        with mirror.handling:
            for thread in threads:
                thread.start()
            eventually(lambda: turns.waiting == len(events))
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        return batches

    monkeypatch.setattr(inbox, "receive_together", noting)
    return bring


def test_messages_that_wait_are_handled_in_one_transaction_and_copies_once(world: World, deliver: Deliver) -> None:
    expected = world.commit(accounts=4, versions=2)

    batches = deliver([*world.envelopes(), *world.envelopes()])

    assert batches == [True]
    assert world.handled_once(expected)
    assert {row.status for row in world.inbox().values()} == {"done"}
    assert {row.attempts for row in world.inbox().values()} == {0}


def test_a_handler_may_take_a_batch_at_once_and_one_that_fails_still_pays_alone(
    world: World, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def take(session: Session, events: Sequence[Envelope]) -> None:
        taken.append(len(events))
        for event in events:
            copy_account(session, event)

    monkeypatch.setitem(world["mirror"].service.handlers, CHANGED, inbox.Together(take))  # type: ignore[misc]
    world.commit(accounts=2, versions=2)
    assert deliver(world.envelopes()) == [True]
    assert taken == [4]
    assert world.handled_once(4)

    world.commit(accounts=1, behaviour="fail")
    world.commit(accounts=1)
    *_, bad, good = world.envelopes()
    assert deliver([bad, good]) == [True, False]
    assert taken == [4, 2, 1, 1]
    assert (world.inbox()[bad.id].status, world.inbox()[good.id].status) == ("pending", "done")


def test_known_events_are_not_handled_again(world: World, deliver: Deliver) -> None:
    world.commit(accounts=3)
    first = world.envelopes()[0]
    inbox.receive(world["mirror"], first, 1)

    assert deliver(world.envelopes()) == [True]
    assert world.handled_once(3)


def test_one_that_fails_pays_alone(world: World, deliver: Deliver) -> None:
    world.commit(accounts=3)
    world.commit(accounts=1, behaviour="fail")
    *good, bad = world.envelopes()

    assert deliver([bad, *good]) == [False]

    rows = world.inbox()
    assert {rows[event.id].status for event in good} == {"done"}
    assert (rows[bad.id].status, rows[bad.id].attempts) == ("pending", 1)
    assert world.handled_once(3)


def test_one_that_comes_too_early_waits_for_its_predecessor(world: World, deliver: Deliver) -> None:
    world.commit(accounts=1, versions=3, type=STEPPED)
    first, second, third = world.envelopes()

    deliver([third, second])
    assert {row.status for row in world.inbox().values()} == {"parked"}

    deliver([first])
    while inbox.retry_due(world["mirror"]):
        pass
    assert [effect.version for effect in world.effects()] == [1, 2, 3]


def test_one_that_may_have_killed_a_process_is_not_tried_with_the_others(world: World, deliver: Deliver) -> None:
    world.commit(accounts=3)
    suspect, *others = world.envelopes()

    assert deliver([*others, suspect], redelivered=[suspect.id]) == [True]

    rows = world.inbox()
    assert {rows[event.id].status for event in others} == {"done"}
    assert (rows[suspect.id].status, rows[suspect.id].attempts) == ("pending", 1)
    with clock.frozen(clock.now() + timedelta(seconds=2)):
        inbox.retry_due(world["mirror"])
    assert world.handled_once(3)


def test_without_a_database_everybody_is_told(world: World) -> None:
    world.commit(accounts=2)
    away = world.with_settings("mirror", database_url="postgresql://nobody@127.0.0.1:1/nowhere")
    turns = Turns(away)
    told: list[BaseException] = []

    def bring(event: Envelope) -> None:
        try:
            turns.receive(event, 1, redelivered=False)
        except inbox.DatabaseAway as error:
            told.append(error)

    threads = [threading.Thread(target=bring, args=(event,)) for event in world.envelopes()]
    with away.handling:
        for thread in threads:
            thread.start()
        eventually(lambda: turns.waiting == 2)
    for thread in threads:
        thread.join(30)
    assert len(told) == 2


def test_who_lets_go_cannot_take_the_turn_again_before_who_waits() -> None:
    turn, took = Turn(), []

    def wait() -> None:
        with turn:
            took.append("the one who waited")

    waiting = threading.Thread(target=wait)
    with turn:
        waiting.start()
        eventually(lambda: turn.awaited)
    with turn:
        took.append("the one who let go")
    waiting.join(20)

    assert took == ["the one who waited", "the one who let go"]
