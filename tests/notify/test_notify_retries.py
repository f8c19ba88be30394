"""Many mails that did not arrive are sent again together."""

from __future__ import annotations

from uuid import UUID

import pytest
from notify.world import MailSink, World, money, record

from crm_chassis import ids
from crm_chassis.identity import Grant
from crm_chassis.testing import everything_of
from crm_notify.deliveries.models import Delivery


def failed(world: World, mails: MailSink, *recipients: UUID) -> None:
    """A mail to each, whose server knows no such mailbox; it does from now on."""
    deal = {"name": "Deal", "customer_id": ids.uuid7(), "stage": "s", "probability": 1, "amount": money()}
    for owner in recipients:
        world.bench.deliver("crm.sales.opportunity.assigned.v1", record(world.team, owner, status="open", **deal))
    mails.recipient_answer = "550 no such user"
    world.run("deliveries")
    mails.recipient_answer = "250 OK"


def test_many_that_failed_are_sent_again_at_once(world: World, mails: MailSink) -> None:
    failed(world, mails, world.anna, world.li)
    operator = world.client(world.boss, everything_of("notify"))
    assert operator.get("/deliveries/schema").json["bulk_verbs"] == ["retry"]
    again = {"action": "retry", "filter": {"status__in": "failed,unknown"}}

    results = operator.post("/deliveries/bulk", again).json["results"]
    world.run("deliveries")

    assert [one["status"] for one in results] == ["ok", "ok"]
    assert {mail["To"] for mail in mails.taken} == {"anna@example.com", "li@example.com"}
    once_more = {"action": "retry", "ids": [one["id"] for one in results]}
    refused = operator.post("/deliveries/bulk", once_more).json["results"]
    assert [one["problem"]["code"] for one in refused] == ["state_conflict"] * 2


def test_very_many_that_failed_are_sent_again_by_a_job(
    world: World, mails: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_chassis.collection.bulk.AT_ONCE", 1)
    failed(world, mails, world.anna, world.li)
    operator = world.client(world.boss, everything_of("notify"))

    started = operator.post("/deliveries/bulk", {"action": "retry", "filter": {"status": "failed"}})
    assert started.status_code == 202
    world.bench.run_jobs()

    assert operator.get(started.headers["Location"]).json["counts"] == {"ok": 2, "error": 0}
    assert {row.status for row in world.rows(Delivery)} == {"pending"}


def test_sending_many_again_reaches_as_far_as_the_operators_roles(world: World, mails: MailSink) -> None:
    failed(world, mails, world.anna)
    (row,) = world.rows(Delivery)
    reader = {"delivery:read": Grant(subtrees=frozenset({world.n1})), "delivery:update": Grant(own=True)}

    body = {"action": "retry", "ids": [str(row.id)]}
    (result,) = world.client(world.boss, reader).post("/deliveries/bulk", body).json["results"]

    assert (result["problem"]["status"], [one.status for one in world.rows(Delivery)]) == (403, ["failed"])
