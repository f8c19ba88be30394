"""Events that wait are handled together, and tell, remind and call as if each had come alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from notify.world import NOW, WebSink, World, activity, approval, fire, hook, money, record
from sqlalchemy import text
from structlog.testing import capture_logs

from crm_chassis import clock, inbox
from crm_chassis.ids import uuid7
from crm_chassis.testing import Client, statements_of
from crm_contracts.envelope import Envelope

_WRITTEN = {
    "notifications": "SELECT owner_id, kind, title, body, link, count, in_app, details::text FROM notifications",
    "deliveries": "SELECT owner_id, kind, recipient, next_attempt_at FROM deliveries",
    "reminders": "SELECT kind, subject_id, due_bucket, due_at, recipient_ids, details::text FROM reminders"
    " WHERE status = 'waiting'",
    "calls": "SELECT event_id, type FROM webhook_calls ORDER BY position",
}


def event(name: str, data: dict[str, Any], version: int = 1, *, job: str | None = None, at: datetime = NOW) -> Envelope:
    return Envelope(
        id=str(uuid7()),
        source=name.split(".", maxsplit=1)[0],
        type=f"crm.{name}.v1",
        subject=str(data["id"]),
        time=at.isoformat(),
        data=orjson.loads(orjson.dumps({"version": version, **data}, default=str)),
        aggregateversion=version,
        unitid=str(data["unit_id"]),
        correlationid=job,
    )


def a_busy_morning(world: World, customer: UUID) -> list[Envelope]:
    """Events of every kind that notify does something with, some of them about the same record."""
    found: list[Envelope] = []
    for number in range(30):
        chance = {"customer_id": customer, "stage": "s", "probability": 1, "amount": money(), "status": "open"}
        found.append(event("sales.opportunity.assigned", record(world.team, world.anna, name=f"D{number}", **chance)))
        lead = record(world.team, (world.anna, world.li)[number % 2], name=f"L{number}", company=None, status="new")
        found.append(event("sales.lead.captured", lead, job=f"job-{UUID(int=7)}" if number % 3 else None))
        plan = activity(world, customer_id=customer)
        found.append(event("customer.activity.planned", plan))
        if number % 3 == 0:
            found.append(event("customer.activity.done", plan | {"status": "done"}, 2))
        if number % 5 == 0:
            later = plan | {"due_at": "2026-11-22T10:00:00Z"}
            found.append(event("customer.activity.changed", later, 2))
    won = record(world.team, world.anna, name="Won", customer_id=customer, amount=money(), status="won")
    found.append(event("sales.opportunity.won", won))
    owed = {
        "customer_id": customer,
        "amount": money(),
        "outstanding": money(),
        "due_on": "2026-12-20",
        "status": "open",
    }
    found.append(event("sales.receivable.opened", record(world.team, world.li, number="R-1", **owed)))
    asked = approval(world)
    found.append(event("workflow.approval.assigned", asked))
    found.append(event("customer.churn-case.warned", world.churn(customer_id=customer)))
    return found


def written(world: World) -> dict[str, list[str]]:
    with world.bench.system() as session:
        found = {name: [str(row) for row in session.execute(text(query))] for name, query in _WRITTEN.items()}
    return {name: rows if name == "calls" else sorted(rows) for name, rows in found.items()}


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize("size", [2, 16, 200])
def test_what_is_handled_together_is_what_each_alone_does(
    world: World, admin: Client, receiver: WebSink, size: int
) -> None:
    customer = world.customer("Acme")
    hook(admin, receiver.url, "crm.#")
    with clock.frozen(NOW):
        events = a_busy_morning(world, customer)
        for each in events:
            inbox.receive(world.bench.runtime, each, None)
        expected = written(world)
        with world.bench.system() as session:
            for table in ("inbox", "deliveries", "notifications", "mailboxes", "reminders", "watched", "webhook_calls"):
                session.execute(text(f"DELETE FROM {table}"))

        with capture_logs() as logs:
            for start in range(0, len(events), size):
                batch = [(each, None) for each in events[start : start + size]]
                assert inbox.receive_together(world.bench.runtime, batch) or len(batch) == 1
                if len(batch) == 1:
                    inbox.receive(world.bench.runtime, *batch[0])

    assert not [entry for entry in logs if entry["event"] == "inbox_batch_split"]
    assert written(world) == expected
    assert all(expected.values())


def test_who_is_asked_again_is_reminded_again_though_more_of_the_approval_comes_at_once(world: World) -> None:
    both = [world.manager, world.boss]
    asked = approval(world, waiting_ids=both)
    with clock.frozen(NOW):
        inbox.receive(world.bench.runtime, event("workflow.approval.assigned", asked), None)
    fire(world, NOW + timedelta(days=1))

    with clock.frozen(NOW + timedelta(days=2)):
        again = event("workflow.approval.assigned", asked, 2, at=clock.now())
        decided = event("workflow.approval.changed", asked | {"waiting_ids": [world.manager]}, 3, at=clock.now())
        assert inbox.receive_together(world.bench.runtime, [(again, None), (decided, None)])
    fire(world, NOW + timedelta(days=3))

    reminded = [kinds.count("approval.waiting") for kinds in map(world.kinds, both)]
    assert reminded == [2, 1]


def test_a_batch_asks_no_more_the_longer_it_is(world: World) -> None:
    with clock.frozen(NOW):
        chances = [
            event(
                "sales.opportunity.assigned",
                record(world.team, world.anna, name=f"D{number}", customer_id=uuid7(), amount=money(), status="open"),
            )
            for number in range(20)
        ]
        few, many = (_statements(world, batch) for batch in (chances[:4], chances[4:20]))

    assert many <= few + 1, "but for a look at the company tree, which comes once a second"


def _statements(world: World, events: list[Envelope]) -> int:
    with statements_of(world.bench.runtime) as sent:
        assert inbox.receive_together(world.bench.runtime, [(each, None) for each in events])
    return len(sent)
