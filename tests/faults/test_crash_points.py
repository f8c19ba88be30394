"""Every point at which a process may die, found by counting which ones it passes, and died at."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import Any

import pytest
from faults.clients import Clients, Journal
from faults.stage import Stage
from system import eventually

from crm_chassis.crash import COUNT

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow, pytest.mark.fault(1, 2, 4, 5, 6, 14)]

_WORK_S = 15.0
_PASS_WITHIN_S = 30.0
_KINDS = ("web", "worker", "relay")


def test_death_at_every_point_that_is_passed(faulty: Stage, work: Clients, checked: Any, record_property: Any) -> None:
    with work as journal:
        passed = _count(faulty, journal)
        assert any("relay" in name for name in passed), passed
        died, alive = _die_everywhere(faulty, passed)

    record_property("died", sorted(died))
    print(f"\n{len(died)} deaths at {len({point for _, point in died})} points; not passed again: {sorted(alive)}")
    assert len(died) > len(alive)
    checked(journal, resent=None, within_s=120)


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
            if '"crash_point"' in line and (entry := _entry(line)):
                passes[entry["point"]] = max(passes.get(entry["point"], 0), entry["passes"])
        if passes:
            found[name] = passes
    return found


def _entry(line: str) -> Any:
    try:
        return json.loads(line[line.index("{") :])
    except ValueError:
        return None


def _die_everywhere(
    stage: Stage, passed: dict[str, dict[str, int]]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Rounds in which every process is armed with one of its points at once; answers who died where, and who did not.

    Each point is met at its first pass and at one in the middle of what was counted.
    """
    plans = {
        name: [(point, n) for point, count in sorted(points.items()) for n in sorted({1, max(1, count // 2)})]
        for name, points in passed.items()
    }
    died: set[tuple[str, str]] = set()
    alive: set[tuple[str, str]] = set()
    for turn in range(max(len(plan) for plan in plans.values())):
        armed = {name: plan[turn] for name, plan in plans.items() if turn < len(plan)}
        waiting = stage.armed({name: f"{point}:{n}" for name, (point, n) in armed.items()})
        deadline = time.monotonic() + _PASS_WITHIN_S
        while waiting and time.monotonic() < deadline:
            waiting = {name: before for name, before in waiting.items() if stage.deaths(name) <= before}
            time.sleep(0.2)
        stage.disarm(list(armed))
        outcome: dict[bool, set[tuple[str, str]]] = defaultdict(set)
        for name, (point, _) in armed.items():
            outcome[name in waiting].add((name, point))
        died |= outcome[False]
        alive |= outcome[True]
    return died, alive - died
