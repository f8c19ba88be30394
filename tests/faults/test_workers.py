"""Workers that die, and messages that should not be: handled once all the same."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from faults.clients import Clients
from faults.oracle import Databases
from faults.stage import Stage, databases
from kombu import Connection, Producer
from system import eventually

from crm_chassis.bus import events_queue, messages, open_bus
from crm_chassis.bus.amqp import EVENTS
from crm_contracts.envelope import Envelope
from crm_contracts.services import SERVICES
from crm_contracts.subscriptions import PATTERNS

pytestmark = pytest.mark.timeout(400)


@pytest.mark.slow
@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "point",
    ["in_receive:3", "in_handler:3", "before_commit:4", "committed:4"],
)
@pytest.mark.brokers("amqp", "redis", "poll")
def test_workers_that_die(faulty: Stage, work: Clients, checked: Any, point: str) -> None:
    if faulty.kind == "poll" and point.startswith("in_receive"):
        pytest.skip("nothing is received from a broker where there is none")
    with work as journal:
        for name in ("customer-worker", "insight-worker"):
            faulty.crash(name, point)

    checked(journal)


@pytest.mark.slow
@pytest.mark.fault(15)
@pytest.mark.brokers("amqp")
def test_notify_dies_between_sending_and_noting_it(faulty: Stage, work: Clients, checked: Any) -> None:
    seller_id = faulty.system.as_("n1.sales1").get("/auth/me")["user"]["id"]
    before = len(faulty.mails.taken)
    with work as journal:
        deaths = faulty.armed({"notify-worker": "after_send:2"})["notify-worker"]
        for number in range(3):  # mails of their own: of orders there may have been so many that they wait for a digest
            lead = {"name": f"线索 {number}", "phone": "13900139001", "owner_id": seller_id}
            faulty.system.as_("n1.manager").post("/leads", lead)
        eventually(lambda: faulty.deaths("notify-worker") > deaths, 90)
    assert len(faulty.mails.taken) >= before + 2

    checked(journal, resent=1, within_s=180)  # what it had in hand is another's after two minutes


@pytest.mark.fault(17)
@pytest.mark.brokers("amqp", "redis")
def test_messages_that_are_no_events(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal, Connection(faulty.servers["broker"].url) as connection:
        for service in (name for name in SERVICES if PATTERNS[name]):
            producer, queue = Producer(connection.default_channel), events_queue(service)
            _publish(producer, queue, "not json at all", task="crm.event")
            _publish(producer, queue, {"no": "list"}, task="crm.event")
            _publish(producer, queue, [[{"specversion": "1.0"}, 1], {}, {}], task="crm.event")
            _publish(producer, queue, [[], {}, {}], task="no.such.task")
        time.sleep(3)

    checked(journal)


def _publish(producer: Producer, queue: str, body: Any, *, task: str) -> None:
    headers = {"lang": "py", "task": task, "id": f"rubbish-{random.random()}", "argsrepr": "", "kwargsrepr": ""}
    producer.publish(body, exchange="", routing_key=queue, headers=headers, serializer="json")


@pytest.mark.slow
@pytest.mark.fault(18, 19)
@pytest.mark.brokers("amqp", "redis")
def test_every_event_five_times_in_any_order(faulty: Stage, work: Clients, checked: Any, seed: int) -> None:
    with work as journal:
        time.sleep(3)
        _repeat_shuffled(faulty, seed)

    checked(journal)


def _repeat_shuffled(stage: Stage, seed: int) -> None:
    with Databases(databases(stage)) as found:
        query = "SELECT envelope, pos FROM outbox WHERE published_at IS NOT NULL ORDER BY id DESC LIMIT 60"
        latest = [(Envelope.from_dict(row[0]), row[1]) for name in found.services for row in found.rows(name, query)]
    copies = latest * 5
    random.Random(seed).shuffle(copies)
    with_bus = stage.servers["broker"].url
    transport = open_bus(with_bus)
    try:
        for at in range(0, len(copies), 200):
            delivery = transport.publish(copies[at : at + 200])
            assert delivery.failure is None or "no queue" in delivery.failure, delivery.failure
    finally:
        transport.close()


@pytest.mark.slow
@pytest.mark.fault(31)
@pytest.mark.brokers("amqp")
def test_an_event_of_a_version_nobody_knows_yet_is_kept(faulty: Stage, work: Clients, checked: Any) -> None:
    with work as journal:
        eventually(lambda: any(done.what == "confirmed" for done in journal.done), 60)
    with Databases(databases(faulty)) as found:
        query = "SELECT envelope FROM outbox WHERE type = 'crm.sales.order.confirmed.v1' ORDER BY id DESC LIMIT 1"
        document = found.rows("sales", query)[0][0]
        newer = Envelope.from_dict(
            {
                **document,
                "id": document["id"][:-12] + f"{random.randrange(10**11):012d}",
                "type": "crm.sales.order.confirmed.v2",
            }
        )
        with Connection(faulty.servers["broker"].url) as connection:
            producer = Producer(connection.default_channel, exchange=EVENTS)
            messages.send(producer, [(newer, 0)], routing_key=newer.type)

        def kept() -> set[str]:
            held = "SELECT status FROM inbox WHERE event_id = %s"
            return {
                service
                for service in ("customer", "notify", "insight")
                if found.rows(service, held, newer.id) == [("ignored",)]
            }

        eventually(lambda: kept() == {"customer", "notify", "insight"}, 30)
    checked(journal)
