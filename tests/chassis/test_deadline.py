"""A service does not work on for a caller that gave up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError

from crm_chassis import deadline
from crm_chassis.database import sqlalchemy_url, system_transaction
from crm_chassis.testing import Bench, Client


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    yield
    deadline.begin(None)


@contextmanager
def statements(bench: Bench) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(bench.runtime.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(bench.runtime.database.engine, "before_cursor_execute", note)


def time_out(bench: Bench) -> str:
    with bench.system() as session:
        return str(session.scalar(text("SHOW statement_timeout")))


def test_statements_get_the_time_that_is_left_and_no_more(bench: Bench) -> None:
    assert time_out(bench) == "15s"
    deadline.begin("1000")
    first = int(time_out(bench).removesuffix("ms"))
    assert 1000 <= first <= 1200
    time.sleep(0.05)
    assert int(time_out(bench).removesuffix("ms")) <= first - 50
    deadline.begin("30000")
    assert time_out(bench) == "15s", "a caller's patience never lengthens the time-out"
    deadline.begin(None)
    assert time_out(bench) == "15s", "the connection went back as it was"


@pytest.mark.parametrize("given", ["", "soon", "-5", "1e9", "５"])
def test_what_is_no_number_is_no_deadline(given: str) -> None:
    deadline.begin(given)
    assert deadline.left_ms() is None


@pytest.mark.parametrize(("given", "longest", "limit"), [("0", 15_000, 1), ("60000", 15_000, None), (None, 0, None)])
def test_a_time_out_is_never_zero_which_would_mean_none(given: str | None, longest: int, limit: int | None) -> None:
    deadline.begin(given)
    if limit is not None:
        time.sleep(0.25)
    assert deadline.limit_ms(longest) == limit


def test_without_a_time_out_of_its_own_a_process_takes_the_callers(bench: Bench) -> None:
    deadline.begin("60000")
    assert (deadline.limit_ms(0) or 0) > 59_000


def test_a_deadline_costs_no_round_trip(bench: Bench) -> None:
    def sent() -> int:
        with statements(bench) as seen, bench.system() as session:
            session.scalar(text("SELECT 1"))
        return len(seen)

    without = sent()
    deadline.begin("1000")
    assert sent() == without


def test_a_statement_ends_when_the_caller_has_given_up(bench: Bench) -> None:
    deadline.begin("50")
    began = time.monotonic()
    with pytest.raises(OperationalError), bench.runtime.activate(), system_transaction() as session:
        session.execute(text("SELECT pg_sleep(10)"))
    assert time.monotonic() - began < 5


def test_a_request_that_waits_for_a_lock_ends_with_the_gateways_patience(bench: Bench, n1: Client) -> None:
    owner, service = create_engine(sqlalchemy_url(bench.settings.database_owner_url)), bench.runtime.database.engine
    given_up: list[float] = []

    def note(_context: Any) -> None:
        given_up.append(time.monotonic())

    event.listen(service, "handle_error", note)
    try:
        with owner.begin() as other:
            other.execute(text("LOCK TABLE competitors IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            refused = n1.get("/competitors", headers={deadline.HEADER: "100"})
    finally:
        event.remove(service, "handle_error", note)
        owner.dispose()
    assert refused.status_code == 503
    assert given_up[0] - began < 3, "the lock's own time-out is 4 s"
    assert deadline.left_ms() is None, "the next request begins without it"
    assert n1.get("/competitors").status_code == 200
