"""Insight learns every event once, in whatever order, and can be built anew."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import text, update
from structlog.testing import capture_logs

from crm_chassis import inbox
from crm_chassis.inbox import InboxRow
from crm_contracts.events import REGISTRY
from crm_contracts.services import SERVICES
from crm_contracts.subscriptions import subscribers_of
from crm_insight.app import service
from crm_insight.figures.models import Figure
from crm_insight.learning import consumers, jobs

from .conftest import Event, World, money

_READ_MODELS = {
    "records": "resource, record_id, version, unit_id, owner_id, customer_id, people, state, entries",
    "documents": "resource, record_id, unit_id, people, title, subtitle, title_key, code, text, terms::text,"
    " phones, phone_terms::text, touched_at",
    "tasks": "resource, record_id, people, customer_id, title, status, due_at, amount, currency",
    "figures": "measure, month, unit_id, owner_id, region_code, level, label, currency, value",
    "customer_figures": "customer_id, measure, month, unit_id, owner_id, label, currency, value",
}


def everything_known(world: World) -> dict[str, list[str]]:
    """Every row of every read model, in an order of its own."""
    with world.bench.system() as session:
        found = {}
        for table, columns in _READ_MODELS.items():
            kept = "WHERE value <> 0" if "figures" in table else ""
            rows = session.execute(text(f"SELECT {columns} FROM {table} {kept}")).all()
            found[table] = sorted(map(str, rows))
        return found


def a_busy_month(world: World) -> list[Event]:
    """Events of two customers: every record changes more than once."""
    events: list[Event] = []

    def lives(subject: str, *states: tuple[str, dict[str, Any]]) -> None:
        for version, (fact, state) in enumerate(states, start=1):
            events.append(Event(f"crm.{subject}.{fact}.v1", state, version))

    for unit in ("N1", "E1"):
        customer = world.customer(unit, owner="own", region_code="110101", level=None)
        moved = customer | {"region_code": "310104", "level": "A", "owner_id": world.id_of("n1")}
        lives(
            "customer.customer", ("created", customer), ("changed", moved), ("assigned", moved | {"status": "dormant"})
        )
        about = {"customer_id": customer["id"]}
        order = world.order(unit, owner="own", **about)
        lives(
            "sales.order",
            ("confirmed", order),
            ("returned", order | {"returned_total": money("20.00")}),
            ("cancelled", order | {"status": "cancelled"}),
        )
        chance = world.opportunity(unit, owner="own", **about)
        lives("sales.opportunity", ("created", chance), ("advanced", chance | {"stage": "contract", "probability": 80}))
        request = world.request(unit, owner="own", **about)
        lives(
            "service-desk.request",
            ("created", request),
            ("assigned", request | {"assignee_id": world.id_of("n1"), "status": "assigned"}),
            ("rated", request | {"satisfaction": 5, "status": "archived", "assignee_id": world.id_of("n1")}),
        )
        gone = world.customer(unit, name="转瞬即逝")
        lives("customer.customer", ("created", gone), ("deleted", gone))
        case = world.churn_case(unit, owner="own", **about)
        lives("customer.churn-case", ("warned", case), ("lost", case | {"status": "lost"}))
    return events


@pytest.mark.parametrize("seed", range(4))
def test_duplicates_and_disorder_change_nothing(world: World, seed: int) -> None:
    events = a_busy_month(world)
    world.hear(*events)
    expected = everything_known(world)
    with world.bench.system() as session:
        for table in (*_READ_MODELS, "inbox"):
            session.execute(text(f"DELETE FROM {table}"))

    shuffled = events * 3
    random.Random(seed).shuffle(shuffled)
    world.hear(*shuffled)

    assert everything_known(world) == expected
    assert expected["figures"]


@pytest.mark.parametrize("size", [7, 50])
def test_what_is_learnt_by_the_batch_is_what_is_learnt_one_by_one(world: World, size: int) -> None:
    world.hear(*a_busy_month(world))
    expected = everything_known(world)
    again = """UPDATE inbox SET status = 'pending', attempts = 0,
               next_attempt_at = now() - (hashtext(event_id::text) & 1023) * interval '1 second'"""
    with world.bench.system() as session:
        for table in _READ_MODELS:
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text(again))

    with capture_logs() as logs:
        while inbox.retry_due(world.bench.runtime, limit=size):
            pass

    assert everything_known(world) == expected
    assert not [entry for entry in logs if entry["event"] == "inbox_batch_split"]


def test_a_rebuild_repairs_whatever_went_wrong_and_changes_nothing_else(world: World) -> None:
    world.hear(*a_busy_month(world))
    expected = everything_known(world)
    admin = world.user("admin", "BD", ["report:configure"])
    with world.bench.system() as session:
        session.execute(update(Figure.__table__).values(value=Figure.value + 7))
        session.execute(text("DELETE FROM documents"))
        session.execute(text("DELETE FROM customer_figures"))
        session.execute(text("DELETE FROM tasks"))
    assert everything_known(world) != expected

    started = admin.post("/reports/rebuild")
    assert started.status_code == 202, started.json
    world.bench.run_jobs()

    job = admin.get(started.headers["Location"]).json
    assert job["state"] == "done", job
    assert everything_known(world) == expected


def test_a_rebuild_wants_its_permission(world: World) -> None:
    assert world.bench.client().post("/reports/rebuild").status_code == 401
    assert world.client("n1").post("/reports/rebuild").status_code == 403


def test_starting_over_reads_every_event_again(world: World) -> None:
    world.hear(*a_busy_month(world))
    expected = everything_known(world)
    with world.bench.system() as session:
        session.execute(update(InboxRow).values(pos=1))  # as if each had come over its source's feed
        jobs.start_over(session)
    assert everything_known(world)["records"] == []

    while inbox.retry_due(world.bench.runtime):
        pass

    assert everything_known(world) == expected


def test_a_handover_moves_open_records_only_and_later_events_decide(world: World) -> None:
    open_chance, won = world.opportunity(owner="own"), world.opportunity(owner="own", status="won")
    customer, request = world.customer(owner="own"), world.request(owner="n1", assignee_id=world.id_of("own"))
    world.hear(
        Event("crm.sales.opportunity.created.v1", open_chance),
        Event("crm.sales.opportunity.won.v1", won),
        Event("crm.customer.customer.created.v1", customer),
        Event("crm.service-desk.request.assigned.v1", request),
    )
    handover = {"id": world.id_of("own"), "to_user_id": world.id_of("n1")}

    world.hear(Event("crm.gateway.user.handed-over.v1", handover, 2))

    with world.bench.system() as session:
        rows = session.execute(text("SELECT record_id::text, owner_id::text FROM records")).all()
    owners = dict(rows)
    heir, leaver = world.id_of("n1"), world.id_of("own")
    assert owners == {open_chance["id"]: heir, won["id"]: leaver, customer["id"]: heir, request["id"]: heir}
    funnel = world.report(world.client("office"), "funnel", "group_by=owner")
    assert {row["name"]: (row["open"], row["won"]) for row in funnel["rows"]} == {"n1": (1, 0), "own": (0, 1)}
    assert world.client("own").get("/search?q=收银").json["items"][0]["id"] == won["id"]
    assert world.client("n1").get("/desktop").json["requests"]["total"] == 1

    world.hear(Event("crm.sales.opportunity.assigned.v1", open_chance | {"owner_id": world.id_of("e1")}, 3))
    funnel = world.report(world.client("office"), "funnel", "group_by=owner")
    assert {row["name"]: row["open"] for row in funnel["rows"] if row["open"]} == {"e1": 1}


@pytest.mark.parametrize(
    ("subject", "status", "payment_status", "goes"),
    [
        ("travel-plan", "draft", None, False),
        ("travel-plan", "returned", None, False),
        ("travel-plan", "submitted", None, True),
        ("travel-plan", "to_settle", None, True),
        ("claim", "withdrawn", "none", False),
        ("claim", "submitted", "none", True),
        ("claim", "approved", "scheduled", True),
        ("claim", "approved", "paid", False),
    ],
)
def test_a_handover_leaves_with_their_author_what_the_author_has_to_finish(
    world: World, subject: str, status: str, payment_status: str | None, goes: bool
) -> None:
    trip = {"number": "TP-N1-000001", "subject": "拜访", "starts_on": "2026-03-02", "ends_on": "2026-03-06"}
    claim = {"number": "EX-N1-000001", "title": "差旅", "total": money("1.00"), "items": []}
    words = trip | {"customer_ids": []} if subject == "travel-plan" else claim | {"payment_status": payment_status}
    people = {"traveller_id": world.id_of("own"), "claimant_id": world.id_of("own")}
    document = world.state(owner="own", status=status, **words, **people)
    world.hear(Event(f"crm.expenses.{subject}.changed.v1", document))

    world.hear(Event("crm.gateway.user.handed-over.v1", {"id": world.id_of("own"), "to_user_id": world.id_of("n1")}, 2))

    with world.bench.system() as session:
        owner = session.scalar(text("SELECT state ->> 'owner_id' FROM records"))
    assert owner == world.id_of("n1" if goes else "own")


def test_every_event_is_either_learnt_or_left_aside_on_purpose() -> None:
    heard = {name for name, event in REGISTRY.items() if event.service in SERVICES}  # other tests add their own

    assert all("insight" in subscribers_of(name) for name in heard)
    assert set(service.handlers) | consumers.IGNORED == heard
    assert not set(service.handlers) & consumers.IGNORED
