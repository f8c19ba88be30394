"""A worker says that it lives only while what it does goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chassis.bus.bus_world import World, eventually

from crm_chassis import inbox, process_beats, worker
from crm_chassis.background import Loop, Pulse, moves
from crm_chassis.service import Runtime

SOON_S = 0.2


@pytest.fixture
def runtime(world_without_broker: World) -> Runtime:
    """A service whose worker is looked at."""
    return world_without_broker["mirror"]


@contextmanager
def working(**bodies: Callable[[], object]) -> Iterator[dict[str, Loop]]:
    """A worker's loops with these bodies, the others with nothing to do, while the block runs."""
    loops = {name: Loop(name, 0.05, bodies.get(name, lambda: None)) for name in ("sweeper", "chores", "jobs")}
    for loop in loops.values():
        loop.start()
    try:
        yield loops
    finally:
        for loop in loops.values():
            loop.stop(5)


def lives(runtime: Runtime, loops: dict[str, Loop], consuming: Pulse | None = None) -> bool:
    return worker.give_sign(runtime, loops, consuming, hangs_after_s=SOON_S)


def test_a_worker_whose_loops_turn_gives_its_sign(runtime: Runtime, world_without_broker: World) -> None:
    with working() as loops:
        assert lives(runtime, loops)
    with world_without_broker.transaction("mirror") as session:
        assert process_beats.silence_s(session)["worker"] < process_beats.ALIVE_S


def test_the_sign_is_given_now_and_then_and_not_without_a_pause(runtime: Runtime) -> None:
    looks: list[float] = []

    class LookedAt(dict[str, Loop]):
        def items(self) -> Any:
            looks.append(time.monotonic())
            return super().items()

    with working() as loops:
        sign = worker.sign_loop(runtime, LookedAt(loops), None)
        sign.start()
        eventually(lambda: len(looks) > 0, within_s=5)
        time.sleep(0.5)
        sign.stop(5)
    assert len(looks) == 1


@pytest.mark.parametrize("name", ["sweeper", "chores"])
def test_one_in_which_something_hangs_gives_none_until_it_goes_on(runtime: Runtime, name: str) -> None:
    goes_on = threading.Event()
    with working(**{name: lambda: goes_on.wait(30)}) as loops:
        eventually(lambda: not lives(runtime, loops), within_s=5)
        goes_on.set()
        eventually(lambda: lives(runtime, loops), within_s=5)


def test_a_long_turn_that_makes_progress_does_not_hang(runtime: Runtime) -> None:
    ends, over = threading.Event(), threading.Event()

    def long_sweep() -> None:
        while not ends.wait(SOON_S / 10):
            moves()
        over.set()

    with working(sweeper=long_sweep) as loops:
        assert not over.wait(SOON_S * 3)
        assert lives(runtime, loops)
        ends.set()


def test_a_long_job_does_not_make_its_worker_look_dead_but_a_dead_thread_does(runtime: Runtime) -> None:
    ends = threading.Event()
    with working(jobs=lambda: ends.wait(30)) as loops:
        eventually(lambda: loops["jobs"].still_s > SOON_S * 2, within_s=5)
        assert lives(runtime, loops)
        ends.set()
        loops["jobs"].stop(5)
        assert not lives(runtime, loops)


def test_a_handler_that_hangs_shows_in_the_sweeper_which_waits_for_its_turn(world_without_broker: World) -> None:
    world = world_without_broker
    world.commit(accounts=1)
    (event,) = world.envelopes()
    with world.transaction("mirror") as session:
        inbox.take_in(session, [(1, event)])
    loops = worker.background_loops(world["mirror"], polling=True)
    with world["mirror"].handling:
        for loop in loops.values():
            loop.start()
        eventually(lambda: not lives(world["mirror"], loops), within_s=10)
    eventually(lambda: lives(world["mirror"], loops), within_s=10)
    for loop in loops.values():
        loop.stop(5)


def test_a_consumer_that_stands_still_shows_and_one_without_a_broker_rests(runtime: Runtime) -> None:
    consuming = Pulse()
    with working() as loops:
        assert lives(runtime, loops, consuming)
        consuming.beat()
        assert lives(runtime, loops, consuming)
        eventually(lambda: not lives(runtime, loops, consuming), within_s=5)
        consuming.rest()
        assert lives(runtime, loops, consuming)


def test_the_consumer_of_a_real_worker_beats_while_it_reads_from_the_broker(world: World, tmp_path: Path) -> None:
    told = tmp_path / "pulse"
    consumer = world.start("consumer", "mirror", PULSE_FILE=str(told))
    eventually(lambda: told.exists() and told.read_text().count("beat") > 2, within_s=60)
    consumer.terminate()
    assert consumer.wait(30) == 0
    assert told.read_text().split()[-1] == "rest"
