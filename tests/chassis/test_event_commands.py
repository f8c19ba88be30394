"""``python -m crm_chassis dead-letters`` and ``replay``: what an operator does in any container of a service."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID

import pytest

from crm_chassis import clock, ids, inbox_rows
from crm_chassis.inbox import InboxRow
from crm_chassis.service import load_service
from crm_chassis.sweeper import mark_of, marks
from crm_chassis.testing import Bench
from crm_contracts.envelope import Envelope


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """The sales service, as its container has it."""
    made = Bench(load_service("sales"))
    yield made
    made.close()


def run(bench: Bench, *arguments: str) -> tuple[int, str]:
    """The command in a container's environment: exit code and what it says."""
    environment = {**os.environ, "DATABASE_URL": bench.settings.database_url}
    ran = subprocess.run(
        [sys.executable, "-m", "crm_chassis", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def give_up(bench: Bench, pos: int) -> str:
    event = Envelope(
        id=str(ids.uuid7()),
        source="customer",
        type="crm.customer.customer.created.v1",
        subject=str(ids.uuid7()),
        time=clock.now().isoformat(),
        data={"name": "榕树唱片"},
        aggregateversion=1,
    )
    with bench.system() as session:
        row = inbox_rows.locked(session, event, pos)
        row.status, row.attempts, row.last_error = "dead", 6, "ValueError: cannot be handled"
    return event.id


def status_of(bench: Bench, event_id: str) -> str:
    with bench.system() as session:
        return session.get_one(InboxRow, ("customer", UUID(event_id))).status


def test_dead_events_are_listed_shown_let_go_and_tried_again(bench: Bench) -> None:
    first, second = give_up(bench, 1), give_up(bench, 2)

    code, said = run(bench, "dead-letters", "list", "sales")
    assert code == 0, said
    assert {line.split()[2] for line in said.splitlines()} == {first, second}
    assert "after 6: ValueError: cannot be handled" in said
    assert "榕树唱片" in run(bench, "dead-letters", "show", "sales", first)[1]

    assert run(bench, "dead-letters", "drop", "sales", first)[0] == 0
    assert status_of(bench, first) == "dropped"
    code, said = run(bench, "dead-letters", "drop", "sales", first)
    assert code == 1
    assert said == f"sales has no event {first} to drop: see `dead-letters list sales`\n"
    assert run(bench, "dead-letters", "replay", "sales", first)[0] == 0
    assert run(bench, "dead-letters", "replay", "sales") == (0, "1 dead events will be handled again\n")
    assert {status_of(bench, each) for each in (first, second)} == {"pending"}


def test_a_source_is_replayed_from_a_position(bench: Bench) -> None:
    third = give_up(bench, 3)
    with bench.system() as session:
        mark_of(session, "customer").pos = 3
    code, said = run(bench, "replay", "sales", "--source", "customer", "--after", "2")
    assert (code, said) == (0, "events of customer after 2 will be handled again by sales\n")
    assert status_of(bench, third) == "pending"
    with bench.system() as session:
        assert marks(session) == {"customer": 2}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dead-letters"], "say which: dead-letters list SERVICE"),
        (["dead-letters", "drop", "sales"], "say which: dead-letters drop SERVICE EVENT"),
        (["worker"], "the following arguments are required: service"),
    ],
)
def test_who_does_not_say_which_is_told_so(bench: Bench, arguments: list[str], said: str) -> None:
    code, answer = run(bench, *arguments)
    assert code != 0
    assert said in answer
