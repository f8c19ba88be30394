"""A flood is told in a digest, and everything in it is mailed once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from notify.world import MailSink, World, money, record

from crm_chassis import clock
from crm_chassis.ids import uuid7
from crm_chassis.inbox import receive
from crm_contracts.envelope import Envelope


def assign(world: World, name: str) -> None:
    """Anna gets an opportunity, of which she is mailed."""
    values = {"name": name, "customer_id": uuid7(), "stage": "s", "probability": 1, "amount": money(), "status": "open"}
    world.bench.deliver("crm.sales.opportunity.assigned.v1", record(world.team, world.anna, **values))


def test_what_comes_after_a_digest_was_mailed_is_mailed_in_another_an_hour_later(world: World, mails: MailSink) -> None:
    start = clock.now()
    for minutes, names in ((0, [f"First {n}" for n in range(25)]), (11, []), (12, ["Second"]), (25, ["Third"])):
        with clock.frozen(start + timedelta(minutes=minutes)):
            for name in names:
                assign(world, name)
            world.run("deliveries")
    assert len(mails.taken) == 21

    with clock.frozen(start + timedelta(minutes=73)):
        world.run("deliveries")

    digests = [mail.get_body(["plain"]).get_content() for mail in mails.taken[20:]]
    assert [mail["Subject"] for mail in mails.taken[20:]] == [
        "5 more: Opportunity assigned",
        "2 more: Opportunity assigned",
    ]
    assert ["Second" in digest and "Third" in digest for digest in digests] == [False, True]
    assert ["First 24" in digest for digest in digests] == [True, False]


def test_a_digest_that_could_not_be_mailed_yet_is_mailed_as_it_was_and_what_came_since_in_the_next(
    world: World, mails: MailSink
) -> None:
    start = clock.now()
    with clock.frozen(start):
        for number in range(22):
            assign(world, f"Deal {number}")
        world.run("deliveries")
    mails.answer = "451 try later"
    with clock.frozen(start + timedelta(minutes=11)):
        world.run("deliveries")
        assign(world, "Late")
    mails.answer = "250 OK"

    for minutes in (13, 75):
        with clock.frozen(start + timedelta(minutes=minutes)):
            world.run("deliveries")

    assert [mail["Subject"] for mail in mails.taken[20:]] == [
        "2 more: Opportunity assigned",
        "1 more: Opportunity assigned",
    ]


def imported(world: World, number: int, job: UUID) -> Envelope:
    """A customer that an import made for anna."""
    customer = record(world.team, world.anna, name=f"Customer {number}", code=f"N1-{number}", kind="company")
    return Envelope(
        id=str(uuid7()),
        source="customer",
        type="crm.customer.customer.created.v1",
        subject=str(customer["id"]),
        time="2026-11-21T00:00:00Z",
        data={name: str(value) for name, value in customer.items()},
        aggregateversion=1,
        unitid=str(world.team),
        actorid=str(world.boss),
        correlationid=f"job-{job}",
    )


def test_what_an_import_gives_somebody_is_one_notice_and_a_digest(world: World) -> None:
    job = uuid7()
    for number in range(25):
        receive(world.bench.runtime, imported(world, number, job), None)

    assert [(note["title"], note["count"]) for note in world.notes(world.anna)] == [
        ("Customer Customer 0 is now yours", 1),
        ("24 more: Customer assigned", 24),
    ]
