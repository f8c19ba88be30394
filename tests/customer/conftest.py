"""The customer service on a bench, with a group of two companies and people in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from crm_chassis.identity import Grant
from crm_chassis.inbox import InboxRow, receive
from crm_chassis.testing import Bench, Client
from crm_contracts.envelope import Envelope
from crm_contracts.permissions import permissions_of

ALL = permissions_of("customer")
Made = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def _bench() -> Iterator[Bench]:
    from crm_customer.app import service

    bench = Bench(service)
    yield bench
    bench.close()


@pytest.fixture
def bench(_bench: Bench) -> Iterator[Bench]:
    """An empty service; afterwards every event that came must have been handled without an error."""
    _bench.clean()
    yield _bench
    with _bench.system() as session:
        failed = select(InboxRow.type, InboxRow.last_error).where(InboxRow.last_error.is_not(None))
        assert session.execute(failed).all() == []


@pytest.fixture
def units(bench: Bench) -> dict[str, UUID]:
    """The group, two companies, and in the first of them two teams."""
    root = bench.unit("BD", kind="group")
    n1, e1 = bench.unit("N1", root), bench.unit("E1", root)
    return {
        "BD": root,
        "N1": n1,
        "E1": e1,
        "A": bench.unit("N1A", n1, "team"),
        "B": bench.unit("N1B", n1, "team"),
    }


@pytest.fixture
def n1(bench: Bench, units: dict[str, UUID]) -> Client:
    """May do everything of this service in the company N1."""
    return bench.client(bench.caller(units["N1"], ALL, username="n1"))


@pytest.fixture
def e1(bench: Bench, units: dict[str, UUID]) -> Client:
    """May do everything of this service in the company E1."""
    return bench.client(bench.caller(units["E1"], ALL, username="e1"))


@pytest.fixture
def seller(bench: Bench, units: dict[str, UUID]) -> Client:
    """An account manager of team A, who reaches their own records only."""
    own = {name: Grant(own=True) for name in ALL if not name.endswith((":assign", ":configure", ":claim"))}
    own["customer:claim"] = Grant(subtrees=frozenset({units["N1"]}))
    return bench.client(bench.caller(units["A"], own, username="seller"))


@pytest.fixture
def made(n1: Client) -> Made:
    """Creates a customer in N1 and answers it."""

    def create(name: str = "榕树有限公司", client: Client = n1, **more: Any) -> dict[str, Any]:
        answer = client.post("/customers", {"name": name, **more})
        assert answer.status_code == 201, answer.json
        return answer.json

    return create


@pytest.fixture
def again(bench: Bench) -> Callable[[str], None]:
    """Hands the service every event of a type that it had before once more, as a broker that repeats itself would."""

    def deliver(event_type: str) -> None:
        with bench.system() as session:
            had = session.scalars(select(InboxRow.envelope).where(InboxRow.type == event_type)).all()
        for envelope in had:
            receive(bench.runtime, Envelope.from_dict(envelope), None)

    return deliver
