"""Every point at which a process may die, found by counting which ones it passes, and died at."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from faults.clients import Clients, Journal
from faults.stage import Stage
from system import eventually

from crm_chassis.crash import COUNT
from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import subscribers_of

pytestmark = [pytest.mark.timeout(3600), pytest.mark.slow, pytest.mark.fault(1, 2, 4, 5, 6, 14)]

_WORK_S = 15.0
_PASS_WITHIN_S = 75.0
"""Two sweeps and a start: a web process that nobody calls is read by its peers' sweepers every 30 s."""
_KINDS = ("web", "worker", "relay")
_WORK = ("crm.customer.customer.", "crm.sales.order.", "crm.service-desk.request.")
"""What people at work announce all the time. Anything else may happen while points are counted, and not again."""
_ELSEWHERE = {"after_send"}
"""What a test of its own dies at: after twenty mails of a kind within an hour the next wait for a digest."""
_OF_EVENTS = {
    "relay": {"before_publish", "after_confirm", "between_pos_and_publish"},
    "worker": {"in_receive", "in_handler", "after_commit"},
}


def test_death_at_every_point_that_is_passed(faulty: Stage, work: Clients, checked: Any, record_property: Any) -> None:
    with work as journal:
        passed = _count(faulty, journal)
        assert any("relay" in name for name in passed), passed
        died, alive = _die_everywhere(faulty, _plans(passed))
        # While others died as well nobody may have called it: once more, with everybody else whole.
        late: dict[str, list[tuple[str, int]]] = {}
        for name, point in sorted(alive):
            if _why_not(name, point) is None:
                late.setdefault(name, []).append((point, 1))
        died |= _die_everywhere(faulty, late)[0]
        alive -= died

    record_property("died", sorted(died))
    print(f"\n{len(died)} of {len(died | alive)} points were died at; not passed again:")
    for name, point in sorted(alive):
        print(f"  {name} {point}: {_why_not(name, point) or 'NO REASON KNOWN'}")
    assert not [each for each in alive if _why_not(*each) is None]
    kinds = {(name.rpartition("-")[2], point) for name, point in died | alive}
    assert {(name.rpartition("-")[2], point) for name, point in died} == kinds, "no process of a kind died there"
    checked(journal, resent=None, within_s=180)


def _why_not(name: str, point: str) -> str | None:
    """Why a process may have passed a point once and not again while the same people worked; None when it must have."""
    service, _, kind = name.rpartition("-")
    if point not in _OF_EVENTS.get(kind, ()):
        return None
    told = [type_ for type_ in REGISTRY if type_.startswith(_WORK)]
    if kind == "relay" and service not in {REGISTRY[type_].service for type_ in told}:
        return "it announces nothing that people at work do all the time"
    if kind == "worker" and not any(service in subscribers_of(type_) for type_ in told):
        return "it hears nothing of what people at work do all the time"
    return None


def _count(stage: Stage, journal: Journal) -> dict[str, dict[str, int]]:
    """Which points each process passes while people work, and about how often."""
    names = stage.names(*_KINDS)
    for name in names:
        stage.set(name, CRASH_AT=COUNT)
    stage.restart(names)
    wanted = len(journal.done) + 30
    eventually(lambda: len(journal.done) > wanted, 120)
    time.sleep(_WORK_S)
    for name in names:
        stage.set(name)
    found: dict[str, dict[str, int]] = {}
    for name in names:
        passes: dict[str, int] = {}
        for line in (stage.system.home / "logs" / f"{name}.log").read_text(errors="replace").splitlines():
            if '"crash_point"' in line and (entry := _entry(line)) and entry["point"] not in _ELSEWHERE:
                passes[entry["point"]] = max(passes.get(entry["point"], 0), entry["passes"])
        if passes:
            found[name] = passes
    return found


def _entry(line: str) -> Any:
    try:
        return json.loads(line[line.index("{") :])
    except ValueError:
        return None


class Duty:
    """A process that is to die at each of its points, one after the other.

    It reads its settings when it starts, so the next point is laid out while it still runs towards the present one.
    """

    def __init__(self, stage: Stage, name: str, plan: list[tuple[str, int]]) -> None:
        self._stage, self._name, self._plan = stage, name, plan
        self._at = -1
        self._running = True
        self._since = 0.0
        self._log = stage.system.home / "logs" / f"{name}.log"
        self._read_to = self._log.stat().st_size
        self.died: set[tuple[str, str]] = set()
        self.alive: set[tuple[str, str]] = set()
        self._pid = 0
        self._next(kill=True)

    def look(self) -> bool:
        """Take the next step if it is time; False once every point had its turn and the process runs whole."""
        pid = self._stage.known_pid(self._name)
        if self._at < len(self._plan) and self._has_died():
            self.died.add((self._name, self._plan[self._at][0]))
            # Of a web process a child died: its parent would pass the same point on to the next one.
            self._next(kill=self._name.endswith("-web"))
        elif not self._running and pid not in {0, self._pid}:
            self._pid, self._running, self._since = pid, True, time.monotonic()
            self._lay_out(self._at + 1)
        elif self._running and self._at < len(self._plan) and time.monotonic() - self._since > _PASS_WITHIN_S:
            self.alive.add((self._name, self._plan[self._at][0]))
            self._next(kill=True)
        return self._at < len(self._plan) or not self._running

    def _next(self, *, kill: bool) -> None:
        """Go on to the next point. It is laid out here for a process that died before it was seen to run."""
        self._at += 1
        self._running = False
        self._lay_out(self._at)
        if kill and self._stage.known_pid(self._name):
            self._pid = self._stage.signal(self._name)

    def _lay_out(self, at: int) -> None:
        settings = {"CRASH_AT": "{}:{}".format(*self._plan[at])} if at < len(self._plan) else {}
        self._stage.set(self._name, **settings)

    def _has_died(self) -> bool:
        """Whether the log says, since it was read last, that the process died at the present point."""
        with self._log.open("rb") as log:
            log.seek(self._read_to)
            said = log.read()
        whole = said[: said.rfind(b"\n") + 1]
        self._read_to += len(whole)
        entries = [
            _entry(line) for line in whole.decode(errors="replace").splitlines() if "crash_point_reached" in line
        ]
        return any(entry and entry["point"] == self._plan[self._at][0] for entry in entries)


def _plans(passed: dict[str, dict[str, int]]) -> dict[str, list[tuple[str, int]]]:
    """The points, with the pass at which to die, of each process: the first pass of every point it passes.

    Of each kind of process, the one that passed a point most often also dies at one in the middle of what was counted.
    """
    busiest: dict[tuple[str, str], str] = {}
    for name, points in passed.items():
        for point, count in points.items():
            there = busiest.setdefault((name.rsplit("-", 1)[-1], point), name)
            if count > passed[there][point]:
                busiest[name.rsplit("-", 1)[-1], point] = name
    plans = {name: [(point, 1) for point in sorted(points)] for name, points in passed.items()}
    for (_, point), name in busiest.items():
        if (middle := passed[name][point] // 2) > 1:
            plans[name].append((point, middle))
    return plans


def _die_everywhere(
    stage: Stage, plans: dict[str, list[tuple[str, int]]]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Every process has its duty at the same time; answers who died where, and who never passed the point again."""
    duties = [Duty(stage, name, plan) for name, plan in plans.items()]
    waiting = duties
    while waiting := [duty for duty in waiting if duty.look()]:
        time.sleep(0.5)
    died = {each for duty in duties for each in duty.died}
    return died, {each for duty in duties for each in duty.alive} - died
