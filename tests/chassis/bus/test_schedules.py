"""Recurring work: due rows, however many look at them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from chassis.bus.bus_world import World
from chassis.bus.ledger_and_mirror import Account
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_chassis import clock, process_beats, schedules
from crm_chassis.schedules import Schedule, ScheduleRow
from crm_chassis.service import Runtime


def open_account(session: Session) -> None:
    """Work that shows how often it was done."""
    session.add(Account(version=1, balance=0))


def fail(session: Session) -> None:
    """Work that leaves a trace and then breaks."""
    open_account(session)
    session.flush()
    raise ValueError("the printer is out of paper")


@pytest.fixture
def runtime(world_without_broker: World) -> Iterator[Runtime]:
    """The ledger with one schedule that works and one that does not."""
    ledger = world_without_broker["ledger"]
    both = (Schedule("open", 60, open_account), Schedule("fail", 3600, fail))
    made = Runtime(replace(ledger.service, schedules=both), ledger.settings)
    yield made
    made.close()


def accounts(runtime: Runtime) -> int:
    with runtime.activate(), schedules.system_transaction() as session:
        return session.scalar(select(func.count()).select_from(Account))


@pytest.mark.fault(28)
def test_two_beats_at_the_same_time_run_due_work_once(runtime: Runtime) -> None:
    with ThreadPoolExecutor(4) as pool:
        ran = [name for names in pool.map(lambda _: schedules.run_due(runtime), range(4)) for name in names]
    assert ran.count("open") == 1
    assert accounts(runtime) == 1


def test_missed_turns_are_not_made_up_for_and_the_rhythm_stays(runtime: Runtime) -> None:
    start = clock.now()
    with clock.frozen(start):
        schedules.run_due(runtime)
    with clock.frozen(start + timedelta(seconds=59)):
        assert "open" not in schedules.run_due(runtime)
    with clock.frozen(start + timedelta(seconds=605)):
        schedules.run_due(runtime)
        schedules.run_due(runtime)
    assert accounts(runtime) == 2
    with runtime.activate(), schedules.system_transaction() as session:
        assert session.get_one(ScheduleRow, "open").due_at == start + timedelta(seconds=660)


@pytest.mark.fault(29)
def test_a_clock_that_was_an_hour_ahead_stops_nothing_once_it_is_right(runtime: Runtime) -> None:
    start = clock.now()
    with clock.frozen(start + timedelta(hours=1)):
        schedules.run_due(runtime)
    with clock.frozen(start):
        assert "open" in schedules.run_due(runtime)
        assert "open" not in schedules.run_due(runtime)
    with clock.frozen(start + timedelta(seconds=61)):
        assert "open" in schedules.run_due(runtime)
    assert accounts(runtime) == 3


def test_failing_work_is_undone_noted_and_tried_again_within_a_minute(runtime: Runtime) -> None:
    schedules.run_due(runtime)
    assert accounts(runtime) == 1, "only the schedule that works left its row"
    with runtime.activate(), schedules.system_transaction() as session:
        row = session.get_one(ScheduleRow, "fail")
        assert row.last_error == "ValueError: the printer is out of paper"
        assert row.due_at <= clock.now() + timedelta(seconds=60)


def silence(runtime: Runtime) -> dict[str, float]:
    with runtime.activate(), schedules.system_transaction() as session:
        return process_beats.silence_s(session)


def test_a_process_shows_that_it_lives_and_one_that_never_did_is_silent_for_ever(runtime: Runtime) -> None:
    process_beats.beat(runtime, "relay")
    process_beats.beat(runtime, "relay")
    assert set(silence(runtime)) == {"relay", "worker"}
    assert silence(runtime)["relay"] < process_beats.ALIVE_S
    assert silence(runtime)["worker"] == math.inf


def test_a_relay_that_lives_does_not_make_a_worker_that_died_forgotten(runtime: Runtime) -> None:
    died_at = clock.now()
    with clock.frozen(died_at):
        process_beats.beat(runtime, "worker")
    with clock.frozen(died_at + timedelta(hours=3)):
        process_beats.beat(runtime, "relay")
        assert silence(runtime)["worker"] == 3 * 3600
        process_beats.beat(runtime, "worker")
        assert silence(runtime)["worker"] == 0
