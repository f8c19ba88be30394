"""Relay, inbox and sweeper under any sequence of faults that Hypothesis can think of.

The broker drops, doubles, reorders, refuses, and confirms what the relay then does not hear of; processes die at any
point; the clock moves. The databases are real. Whatever happened, in the end every event took effect once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from chassis.bus.bus_world import World
from chassis.bus.ledger_and_mirror import CHANGED, AccountCopy, change_account
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from crm_chassis import clock, crash, inbox, outbox_feed
from crm_chassis.bus import Delivery
from crm_chassis.relay import Relay
from crm_chassis.sweeper import Sweeper
from crm_contracts.envelope import Envelope

ACCOUNTS = [uuid4() for _ in range(3)]
POINTS = (
    "before_publish",
    "after_confirm",
    "between_pos_and_publish",
    "in_receive",
    "in_handler",
    "after_commit",
    "before_commit",
    "committed",
)
MOODS = ("good", "drops", "doubles", "refuses every second", "confirms unheard")


class Killed(BaseException):
    """What SIGKILL is to a process: nothing after it runs, and its transaction is gone."""


class FakeBroker:
    """Keeps what it was given in a list from which messages are taken in any order."""

    def __init__(self) -> None:
        self.mood = "good"
        self.queue: list[tuple[Envelope, int]] = []
        self.accepted: set[str] = set()

    def declare(self) -> None:
        """It has one queue."""

    def publish(self, batch: Sequence[tuple[Envelope, int]]) -> Delivery:
        """Take a batch as the mood is. ``drops``: confirmed, kept by nobody, as a Redis without AOF that dies."""
        delivery = Delivery()
        for number, (envelope, pos) in enumerate(batch):
            crash.point("before_publish")
            if self.mood == "refuses every second" and number % 2:
                delivery.failure = "refused"
                continue
            self.accepted.add(envelope.id)
            if self.mood != "drops":
                self.queue += [(envelope, pos)] * (2 if self.mood == "doubles" else 1)
            if self.mood == "confirms unheard":
                delivery.failure = "no confirm in time"
            else:
                delivery.confirmed.add(envelope.id)
        return delivery

    def close(self) -> None:
        """It stays."""


class NearSweeper(Sweeper):
    """Reads the ledger's feed from its table instead of over HTTP."""

    world: ClassVar[World]

    def _page(self, source: str, after: int, limit: int = 2, *, ids_only: bool = False) -> dict[str, Any]:
        with self.world.transaction(source) as session:
            return outbox_feed.read(session, after, self._patterns, limit, ids_only=ids_only)


class BusMachine(RuleBasedStateMachine):
    """What may happen, one step at a time."""

    world: ClassVar[World]

    @initialize()
    def begin(self) -> None:
        """Empty both databases."""
        for name, tables in (
            ("ledger", "outbox, accounts, inbox, sweep_marks"),
            ("mirror", "outbox, inbox, sweep_marks, account_copies, effects"),
        ):
            with self.world.transaction(name) as session:
                session.execute(text(f"TRUNCATE {tables}"))
        self.broker = FakeBroker()
        self.versions = dict.fromkeys(ACCOUNTS, 0)
        self.ahead_s = 0
        self.dies_at: str | None = None

    @rule(account=st.sampled_from(ACCOUNTS))
    def change(self, account: UUID) -> None:
        """A change is committed with its event."""
        version = self.versions[account] + 1
        with self.world.transaction("ledger") as session:
            change_account(session, account, version, balance=version)
        self.versions[account] = version

    @rule(mood=st.sampled_from(MOODS))
    def feel(self, mood: str) -> None:
        """The broker changes its behaviour."""
        self.broker.mood = mood

    @rule(point=st.sampled_from(POINTS))
    def doom(self, point: str) -> None:
        """The next process that passes the point dies there."""
        self.dies_at = point

    @rule(seconds=st.sampled_from([1, 10, 60, 700]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.ahead_s += seconds

    @rule()
    def relay(self) -> None:
        """A relay that was just started takes a step."""
        self._alive(lambda: Relay(self.world["ledger"], self.broker).step())

    @precondition(lambda self: self.broker.queue)
    @rule(data=st.data(), redelivered=st.booleans(), acknowledged=st.booleans())
    def deliver(self, data: st.DataObject, redelivered: bool, acknowledged: bool) -> None:
        """A worker gets any of the waiting messages; without its acknowledgement the message stays."""
        place = data.draw(st.integers(0, len(self.broker.queue) - 1))
        envelope, pos = self.broker.queue[place]
        mirror = self.world["mirror"]
        finished = self._alive(lambda: inbox.receive(mirror, envelope, pos, redelivered=redelivered))
        if finished and acknowledged:
            del self.broker.queue[place]

    @rule()
    def lose_everything(self) -> None:
        """The broker comes back empty."""
        self.broker.queue.clear()

    @rule()
    def sweep(self) -> None:
        """A worker reads the feed and tries what is due."""
        self._alive(self._sweep)

    @invariant()
    def nothing_took_effect_twice(self) -> None:
        """D, at every moment."""
        effects = [effect.event_id for effect in self.world.effects()]
        assert len(effects) == len(set(effects))

    @invariant()
    def only_what_the_broker_took_is_published(self) -> None:
        """And positions have no gaps."""
        rows = self.world.outbox()
        assert {str(row.event_id) for row in rows if row.published_at} <= self.broker.accepted
        numbered = [row.pos for row in rows if row.pos is not None]
        assert numbered == list(range(1, len(numbered) + 1))

    def teardown(self) -> None:
        """Everything works again, and time passes: B, C, E."""
        if not hasattr(self, "broker"):
            return
        self.dies_at, self.broker.mood = None, "good"
        while self._alive(lambda: Relay(self.world["ledger"], self.broker).step() or True) and self._unpublished():
            pass
        for _ in range(8):
            self.ahead_s += 700
            self._alive(self._sweep)
        events = {event.id for event in self.world.envelopes() if event.type == CHANGED}
        assert sorted(str(effect.event_id) for effect in self.world.effects()) == sorted(events)
        with self.world.transaction("mirror") as session:
            copies = {copy.id: copy.version for copy in session.scalars(select(AccountCopy))}
        assert copies == {id_: version for id_, version in self.versions.items() if version}

    def _unpublished(self) -> bool:
        return any(row.published_at is None for row in self.world.outbox())

    def _sweep(self) -> bool:
        NearSweeper(self.world["mirror"]).sweep()
        inbox.retry_due(self.world["mirror"])
        return True

    def _alive(self, work: Any) -> bool:
        """Do the work at this machine's time; answers whether it was finished or died of its doom."""
        with clock.frozen(clock.now() + timedelta(seconds=self.ahead_s)), pytest.MonkeyPatch.context() as patch:
            patch.setattr(crash, "point", self._pass)
            try:
                work()
            except Killed:
                return False
        return True

    def _pass(self, name: str) -> None:
        if name == self.dies_at:
            self.dies_at = None
            raise Killed(name)


@pytest.mark.timeout(600)
@pytest.mark.fault(4, 5, 6, 14, 18)
def test_any_sequence_of_faults_leaves_every_event_handled_once(world_without_broker: World) -> None:
    BusMachine.world = NearSweeper.world = world_without_broker
    run_state_machine_as_test(
        BusMachine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
