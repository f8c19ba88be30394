"""Events become notifications of the right people, once, in their language; a notification is its recipient's alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from notify.world import APPROVAL, OPPORTUNITY, OWN, World, money, record

from crm_chassis import clock
from crm_chassis.ids import uuid7
from crm_chassis.inbox import receive
from crm_chassis.testing import Bench, everything_of
from crm_contracts.envelope import Envelope


def test_the_owner_hears_of_a_confirmed_order_even_when_they_confirmed_it(world: World) -> None:
    customer = world.customer("Acme")
    order = world.order(customer_id=customer, updated_by=world.anna)

    (note,) = world.notes(world.anna)

    assert note["kind"] == "order.confirmed"
    assert note["title"] == "Order SO-N1-000001 is confirmed"
    assert note["body"] == "Acme, CNY 1,234.50."
    assert note["link"] == f"/orders/{order['id']}"
    assert note["read_at"] is None
    assert note["can"] == ["read"]


def test_words_are_in_the_recipients_language(world: World) -> None:
    world.order(owner_id=world.li)

    assert world.notes(world.li)[0]["title"] == "订单 SO-N1-000001 已确认"


REQUEST = {
    "number": "SR-1",
    "kind": "complaint",
    "customer_id": None,
    "summary": "Broken",
    "status": "assigned",
    "priority": "high",
    "due_at": "2026-11-21T10:00:00+00:00",
}
TRIP = {"number": "TP-1", "subject": "Visit", "starts_on": "2026-01-01", "ends_on": "2026-01-02", "status": "approved"}
ORDER = {"number": "SO-1", "total": money()}
ACTIVITY = {"subject": "Call", "kind": "call", "status": "planned", "customer_id": None, "due_at": None}


@pytest.mark.parametrize(
    ("event", "payload", "who", "kind"),
    [
        ("sales.opportunity.assigned", OPPORTUNITY, ["anna"], "opportunity.assigned"),
        ("sales.opportunity.won", OPPORTUNITY, ["anna", "manager"], "opportunity.won"),
        ("sales.opportunity.lost", OPPORTUNITY, ["anna", "manager"], "opportunity.lost"),
        ("sales.opportunity.stalled", OPPORTUNITY, ["anna"], "opportunity.stalled"),
        ("sales.lead.assigned", {"name": "Lead", "company": None, "status": "new"}, ["anna"], "lead.assigned"),
        ("sales.order.delivered", {**ORDER, "status": "delivered"}, ["anna"], "order.delivered"),
        ("sales.order.delivered", {**ORDER, "status": "confirmed"}, ["anna"], "order.part-delivered"),
        ("sales.order.cancelled", {"number": "SO-1", "total": money()}, ["anna"], "order.cancelled"),
        (
            "sales.receivable.overdue",
            {
                "order_id": "x",
                "customer_id": str(uuid7()),
                "due_on": "2026-01-01",
                "amount": money(),
                "status": "overdue",
            },
            ["anna"],
            "receivable.overdue",
        ),
        (
            "customer.customer.assigned",
            {"name": "Acme", "code": "N1-1", "kind": "company"},
            ["anna"],
            "customer.assigned",
        ),
        (
            "customer.customer.created",
            {"name": "Acme", "code": "N1-1", "kind": "company"},
            ["anna"],
            "customer.assigned",
        ),
        ("sales.lead.captured", {"name": "Lead", "company": None, "status": "new"}, ["anna"], "lead.assigned"),
        ("sales.opportunity.created", OPPORTUNITY, ["anna"], "opportunity.assigned"),
        ("customer.activity.planned", {**ACTIVITY, "assignee_id": "li"}, ["li"], "activity.assigned"),
        ("customer.activity.assigned", {**ACTIVITY, "assignee_id": "li"}, ["li"], "activity.assigned"),
        ("customer.activity.overdue", {**ACTIVITY, "assignee_id": "li"}, ["li"], "activity.overdue"),
        ("service-desk.request.assigned", {**REQUEST, "assignee_id": "li"}, ["li"], "request.assigned"),
        ("service-desk.request.escalated", {**REQUEST, "assignee_id": "manager"}, ["manager"], "request.escalated"),
        ("service-desk.request.answered", {**REQUEST, "assignee_id": "li"}, ["anna"], "request.answered"),
        ("service-desk.request.rated", {**REQUEST, "assignee_id": "li", "satisfaction": 5}, [], ""),
        (
            "service-desk.request.rated",
            {**REQUEST, "assignee_id": "li", "satisfaction": 2},
            ["li", "manager"],
            "request.rated-low",
        ),
        ("service-desk.sla.warned", {**REQUEST, "assignee_id": "li"}, ["li"], "sla.warned"),
        ("service-desk.sla.warned", {**REQUEST, "owner_id": None, "assignee_id": None}, ["manager"], "sla.warned"),
        ("service-desk.sla.breached", {**REQUEST, "assignee_id": "li"}, ["li", "manager"], "sla.breached"),
        (
            "workflow.approval.assigned",
            {**APPROVAL, "assignee_ids": ["boss", "manager"], "requester_id": "anna"},
            ["boss", "manager"],
            "approval.assigned",
        ),
        (
            "workflow.approval.decided",
            {**APPROVAL, "status": "approved", "comment": None, "decided_by": "boss", "requester_id": "anna"},
            ["anna"],
            "approval.decided",
        ),
        ("workflow.approval.timed-out", {**APPROVAL, "requester_id": "anna"}, ["anna"], "approval.timed-out"),
        ("expenses.travel-plan.approved", {**TRIP, "traveller_id": "li"}, ["li"], "travel-plan.approved"),
        (
            "expenses.claim.paid",
            {"number": "EX-1", "title": "Trip", "claimant_id": "li", "total": money()},
            ["li"],
            "claim.paid",
        ),
        ("notify.webhook.disabled", {"url": "https://a.example", "reason": "down"}, ["anna"], "webhook.disabled"),
    ],
)
def test_who_hears_of_what(world: World, event: str, payload: dict[str, Any], who: list[str], kind: str) -> None:
    payload = record(world.team, world.anna) | {name: _named(world, name, value) for name, value in payload.items()}

    world.bench.deliver(f"crm.{event}.v1", payload)

    people = {name: getattr(world, name) for name in ("anna", "li", "manager", "boss")}
    assert {name for name, user_id in people.items() if kind in world.kinds(user_id)} == set(who)
    assert sum(len(world.kinds(user_id)) for user_id in people.values()) == len(who)


def _named(world: World, name: str, value: Any) -> Any:
    if name in {"assignee_id", "requester_id", "decided_by", "traveller_id", "claimant_id"} and value:
        return getattr(world, value)
    return [getattr(world, each) for each in value] if name == "assignee_ids" else value


def test_nobody_is_told_what_they_did_themselves(world: World) -> None:
    opportunity = record(world.team, world.anna, **OPPORTUNITY)

    world.bench.deliver("crm.sales.opportunity.won.v1", {**opportunity, "updated_by": world.anna})

    assert world.kinds(world.anna) == []
    assert world.kinds(world.manager) == ["opportunity.won"]


def test_a_recipient_not_heard_of_yet_is_told_in_the_default_language(world: World) -> None:
    newcomer = uuid7()
    world.order(owner_id=newcomer)

    assert world.notes(newcomer)[0]["title"] == "订单 SO-N1-000001 已确认"


def test_an_event_that_comes_five_times_is_told_once(world: World) -> None:
    envelope = Envelope(
        id=str(uuid7()),
        source="sales",
        type="crm.sales.order.confirmed.v1",
        subject=str(uuid7()),
        time="2026-11-21T00:00:00Z",
        data={"id": str(uuid7()), "number": "SO-1", "owner_id": str(world.anna), "total": money(), "customer_id": None},
        aggregateversion=1,
        unitid=str(world.team),
    )
    for _ in range(5):
        receive(world.bench.runtime, envelope, None)

    assert len(world.notes(world.anna)) == 1


def test_a_replay_after_the_inbox_forgot_tells_nothing_again(world: World) -> None:
    from crm_notify.notices.actions import Notice, tell

    cause = uuid7()
    for _ in range(2):
        with world.bench.system() as session:
            tell(session, [Notice(cause, world.anna, "order.confirmed", world.team, {"number": "SO-1"})])

    assert len(world.notes(world.anna)) == 1


def test_reading_marks_counts_and_filters(world: World) -> None:
    for number in range(3):
        world.order(number=f"SO-{number}")
    anna = world.client(world.anna)
    first = world.notes(world.anna)[0]
    assert anna.get("/notifications/unread-count").json == {"unread": 3}

    read = anna.post(f"/notifications/{first['id']}/read")

    assert read.status_code == 200
    assert read.json["read_at"] is not None
    assert read.json["can"] == []
    assert anna.post(f"/notifications/{first['id']}/read").json["read_at"] == read.json["read_at"]
    assert len(anna.get("/notifications?unread=true").json["items"]) == 2
    assert [item["id"] for item in anna.get("/notifications?unread=false").json["items"]] == [first["id"]]
    assert anna.get("/notifications?unread=perhaps").status_code == 422
    assert anna.post("/notifications/read-all").json == {"read": 2}
    assert anna.get("/notifications/unread-count").json == {"unread": 0}
    assert anna.get(f"/notifications/{first['id']}").headers["ETag"] == '"2"'


def test_others_do_not_see_it_not_even_an_administrator(world: World) -> None:
    world.order()
    (note,) = world.notes(world.anna)
    admin = world.client(uuid7(), everything_of("notify"))

    for other in (admin, world.client(world.li)):
        assert other.get("/notifications?count=true").json["total"] == 0
        assert other.get(f"/notifications/{note['id']}").status_code == 404
        assert other.post(f"/notifications/{note['id']}/read").status_code == 404
        assert other.post("/notifications/read-all").json == {"read": 0}
        assert other.get("/notifications/unread-count").json == {"unread": 0}
    assert world.client(world.anna).get("/notifications/unread-count").json == {"unread": 1}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/notifications"),
        ("GET", "/notifications/schema"),
        ("GET", "/notifications/unread-count"),
        ("GET", f"/notifications/{UUID(int=1)}"),
        ("POST", f"/notifications/{UUID(int=1)}/read"),
        ("POST", "/notifications/read-all"),
        ("GET", "/notifications/stream"),
        ("GET", "/notification-preferences"),
        ("PUT", "/notification-preferences/orders"),
        ("PATCH", "/notification-preferences/orders"),
        ("GET", "/deliveries"),
        ("POST", f"/deliveries/{UUID(int=1)}/retry"),
        ("GET", "/reminder-rules"),
        ("GET", "/webhooks"),
        ("POST", f"/webhooks/{UUID(int=1)}/rotate-secret"),
        ("POST", f"/webhooks/{UUID(int=1)}/test"),
        ("GET", f"/webhooks/{UUID(int=1)}/deliveries"),
        ("POST", f"/webhooks/{UUID(int=1)}/deliveries/{UUID(int=2)}/replay"),
    ],
)
def test_every_route_asks_who_you_are_and_what_you_may(world: World, method: str, path: str) -> None:
    assert world.bench.client().call(method, path).status_code == 401
    assert world.client(world.anna, {}).call(method, path, {} if method != "GET" else None).status_code == 403


def test_the_schema_describes_a_notification(world: World) -> None:
    described = world.client(world.anna).get("/notifications/schema").json

    fields = {field["name"]: field for field in described["fields"]}
    assert fields["kind"]["label"] == {"zh": "种类", "en": "Kind"}
    assert "order.confirmed" in {option["value"] for option in fields["kind"]["options"]}


def test_every_kind_has_words_in_both_languages() -> None:
    from crm_notify.texts.kinds import KINDS
    from crm_notify.texts.rendering import render
    from crm_notify.texts.topics import TOPICS

    values = {
        "name": "N",
        "title": "T",
        "number": "1",
        "subject": "S",
        "customer": "C",
        "customer_name": "C",
        "url": "u",
    }
    for kind in KINDS.values():
        assert kind.topic in TOPICS
        zh = render(kind, values, locale="zh-CN", timezone="Asia/Shanghai")
        en = render(kind, values, locale="en", timezone="Asia/Shanghai")
        assert zh.title
        assert en.title
        assert zh.title != en.title or kind.key == "approval.decided"
        assert zh.link == en.link
        assert en.title.isascii()


def test_a_text_cannot_run_code() -> None:
    from crm_notify.texts.kinds import KINDS
    from crm_notify.texts.rendering import render

    words = render(KINDS["lead.assigned"], {"name": "{{ 7*7 }}<b>"}, locale="en", timezone="UTC")

    assert words.title == "Lead {{ 7*7 }}<b> is now yours"


def test_times_are_on_the_readers_clock(world: World) -> None:
    world.bench.deliver("crm.service-desk.sla.breached.v1", record(world.team, None, **REQUEST, assignee_id=world.anna))

    assert "due 2026-11-21 18:00" in world.notes(world.anna)[0]["body"]


def test_a_handover_tells_who_takes_over(world: World, bench: Bench) -> None:
    bench.deliver("crm.gateway.user.handed-over.v1", {"id": world.anna, "to_user_id": world.li})

    assert world.notes(world.li)[0]["title"] == "Anna的工作已移交给您"


def test_more_than_twenty_of_a_kind_become_one_digest(world: World) -> None:
    for number in range(50):
        world.order(number=f"SO-{number}")

    notes = world.notes(world.anna)

    assert len(notes) == 21
    assert [note["count"] for note in notes] == [1] * 20 + [30]
    assert notes[-1]["title"] == "30 more: Order confirmed"
    assert "Order SO-49 is confirmed; Order SO-48 is confirmed" in notes[-1]["body"]
    assert notes[-1]["link"] == "/orders"


def test_a_digest_that_grows_is_unread_and_new_again(world: World) -> None:
    for number in range(25):
        world.order(number=f"SO-{number}")
    anna, before = world.client(world.anna), world.notes(world.anna)[-1]
    anna.post(f"/notifications/{before['id']}/read")

    world.order()

    after = anna.get(f"/notifications/{before['id']}").json
    assert (after["count"], after["read_at"]) == (6, None)
    assert after["number"] > before["number"]


def test_own_grants_are_enough(world: World) -> None:
    assert world.client(world.anna, OWN).get("/notifications").status_code == 200


def test_the_service_describes_itself(world: World) -> None:
    document = world.bench.app.test_client().get("/internal/openapi.json").json

    for path in ("/notifications/stream", "/notification-preferences/{topic}", "/webhooks/{webhook_id}/test"):
        assert path in document["paths"]


def test_what_is_half_a_year_old_is_forgotten(world: World) -> None:
    from crm_notify.deliveries.models import Delivery
    from crm_notify.notifications.models import Notification

    lead = record(world.team, world.anna, name="L", company=None, status="new")
    with clock.frozen(clock.now() - timedelta(days=181)):
        world.bench.deliver("crm.sales.lead.assigned.v1", lead)
    world.order()

    world.run("notifications.retention")

    assert [row.kind for row in world.rows(Notification)] == ["order.confirmed"]
    assert world.rows(Delivery) == []
