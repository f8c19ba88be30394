"""My day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm_chassis import clock

from .conftest import READER, Event, World, money

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # twelve o'clock in Shanghai, where the units are


def activity(world: World, owner: str, due_at: str | None, **fields: object) -> Event:
    usual = {"subject": "回访", "kind": "call", "status": "planned", "customer_id": None, "assignee_id": None}
    return Event("crm.customer.activity.planned.v1", world.state(owner=owner, **{**usual, "due_at": due_at, **fields}))


def approval(world: World, *assignees: str, version: int = 1, **fields: object) -> Event:
    usual = {
        "subject_type": "claim",
        "subject_id": world.id_of("n1"),
        "title": "差旅报销",
        "requester_id": world.id_of("n1"),
        "round": 1,
        "status": "running",
        "due_at": None,
        "assignee_ids": [world.id_of(name) for name in assignees],
    }
    return Event("crm.workflow.approval.assigned.v1", world.state(**{**usual, **fields}), version)


def receivable(world: World, owner: str | None, due_on: str, **fields: object) -> Event:
    usual = {"order_id": world.id_of("n1"), "customer_id": None, "amount": money("100.00"), "status": "open"}
    return Event("crm.sales.receivable.opened.v1", world.state(owner=owner, **{**usual, "due_on": due_on, **fields}))


def test_activities_of_today_and_overdue_ones_are_mine_to_do(world: World) -> None:
    world.hear(
        activity(world, "own", "2026-03-09T00:00:00Z", subject="昨天"),
        activity(world, "own", "2026-03-10T15:59:00Z", subject="今晚"),
        activity(world, "own", "2026-03-10T16:01:00Z", subject="明天"),
        activity(world, "own", None, subject="总有一天"),
        activity(world, "own", "2026-03-09T00:00:00Z", status="done"),
        activity(world, "n1", "2026-03-09T00:00:00Z"),
        activity(world, "n1", "2026-03-10T05:00:00Z", subject="派给我", assignee_id=world.id_of("own")),
    )

    with clock.frozen(NOON):
        day = world.client("own").get("/desktop").json

    assert day["date"] == "2026-03-10"
    assert [item["title"] for item in day["activities"]["items"]] == ["昨天", "派给我", "今晚"]
    assert (day["activities"]["total"], day["activities"]["overdue"]) == (3, 1)


def test_approvals_wait_for_who_was_asked_until_they_are_decided(world: World) -> None:
    waiting = approval(world, "own", "n1")
    world.hear(waiting)
    assert world.client("own").get("/desktop").json["approvals"]["items"][0]["title"] == "差旅报销"
    assert world.client("e1").get("/desktop").json["approvals"]["total"] == 0

    decided = waiting.data | {"status": "approved", "comment": None, "decided_by": world.id_of("n1")}
    world.hear(Event("crm.workflow.approval.decided.v1", decided, 2))
    world.hear(Event("crm.workflow.approval.assigned.v1", waiting.data, 1))

    assert world.client("own").get("/desktop").json["approvals"] == {"total": 0, "overdue": 0, "items": []}


def test_an_approval_waits_for_everybody_who_has_not_decided(world: World) -> None:
    both = [world.id_of("own"), world.id_of("n1")]
    newly_asked = approval(world, "n1", waiting_ids=both)

    def waits() -> list[int]:
        return [world.client(name).get("/desktop").json["approvals"]["total"] for name in ("own", "n1")]

    world.hear(newly_asked)
    assert waits() == [1, 1]
    fewer = {name: value for name, value in newly_asked.data.items() if name != "assignee_ids"}
    world.hear(Event("crm.workflow.approval.changed.v1", fewer | {"waiting_ids": both[1:]}, 2))

    assert waits() == [0, 1]


def test_requests_cases_funnel_and_customers_are_my_own(world: World) -> None:
    customer = world.customer(owner="own", name="榕树百货", updated_at="2026-03-09T00:00:00Z")
    older = world.customer(owner="own", name="松柏超市", updated_at="2026-03-01T00:00:00Z")
    created = "crm.customer.customer.created.v1"
    world.hear(
        Event(created, older),
        Event(created, customer),
        Event(created, world.customer(owner="n1")),
        Event(
            "crm.service-desk.request.assigned.v1",
            world.request(
                owner="n1",
                assignee_id=world.id_of("own"),
                status="assigned",
                due_at="2026-03-10T03:00:00Z",
                customer_id=customer["id"],
            ),
        ),
        Event("crm.service-desk.request.created.v1", world.request(owner="own", assignee_id=world.id_of("n1"))),
        Event("crm.customer.churn-case.warned.v1", world.churn_case(owner="own", customer_id=customer["id"])),
        Event("crm.customer.churn-case.lost.v1", world.churn_case(owner="own", status="lost")),
        Event("crm.sales.opportunity.created.v1", world.opportunity(owner="own")),
        Event("crm.sales.opportunity.created.v1", world.opportunity(owner="own", amount=money("500.00"))),
        Event("crm.sales.opportunity.created.v1", world.opportunity(owner="n1")),
        Event("crm.sales.opportunity.won.v1", world.opportunity(owner="own", status="won")),
    )

    with clock.frozen(NOON):
        day = world.client("own").get("/desktop").json

    assert (day["requests"]["total"], day["requests"]["overdue"]) == (1, 1)
    assert day["requests"]["items"][0]["customer_name"] == "榕树百货"
    assert [item["customer_name"] for item in day["churn_cases"]["items"]] == ["榕树百货"]
    assert day["funnel"] == [{"stage": "proposal", "count": 2, "amount": money("1500.00")}]
    assert [item["name"] for item in day["customers"]] == ["榕树百货", "松柏超市"]


def test_a_case_waits_for_whoever_owns_its_customer_now(world: World) -> None:
    case = world.churn_case(owner="n1")
    world.hear(Event("crm.customer.churn-case.warned.v1", case))

    world.hear(Event("crm.customer.churn-case.changed.v1", case | {"owner_id": world.id_of("own")}, 2))

    assert world.client("own").get("/desktop").json["churn_cases"]["items"][0]["id"] == case["id"]
    assert world.client("n1").get("/desktop").json["churn_cases"]["total"] == 0


def test_a_deleted_activity_is_off_the_desk_until_it_is_restored(world: World) -> None:
    planned = activity(world, "own", "2026-03-09T00:00:00Z")
    world.hear(planned)

    def waiting() -> int:
        with clock.frozen(NOON):
            return int(world.client("own").get("/desktop").json["activities"]["total"])

    world.hear(Event("crm.customer.activity.deleted.v1", planned.data, 2))
    assert waiting() == 0
    world.hear(Event("crm.customer.activity.changed.v1", planned.data, 3))
    assert waiting() == 1


def test_overdue_receivables_of_my_customers_show_what_is_still_owed(world: World) -> None:
    customer = world.customer(owner="own", name="榕树百货")
    world.hear(
        Event("crm.customer.customer.created.v1", customer),
        receivable(world, "n1", "2026-03-09", customer_id=customer["id"], paid=money("30.00"), status="partly_paid"),
        receivable(world, "own", "2026-03-08", status="overdue"),
        receivable(world, "own", "2026-03-10"),
        receivable(world, "own", "2026-03-01", status="paid"),
        receivable(world, "n1", "2026-03-01"),
    )

    with clock.frozen(NOON):
        receivables = world.client("own").get("/desktop").json["receivables"]

    assert receivables["total"] == 2
    assert [(item["amount"], item["title"]) for item in receivables["items"]] == [
        (money("100.00"), None),
        (money("70.00"), "榕树百货"),
    ]


def test_what_is_owed_is_what_the_receivable_says_and_not_for_whom_its_amounts_are_closed(world: World) -> None:
    fields = {"receivable": {"amount": "hidden"}}
    client = world.user("limited", "N1", READER, fields=fields)
    sums = {"paid": money("30.00"), "credited": money("20.00"), "outstanding": money("50.00")}
    world.hear(*(receivable(world, owner, "2026-03-08", status="overdue", **sums) for owner in ("own", "limited")))

    with clock.frozen(NOON):
        seen = [each.get("/desktop").json["receivables"] for each in (world.client("own"), client)]

    assert [(each["total"], each["items"][0]["amount"]) for each in seen] == [(1, money("50.00")), (1, None)]


def test_a_day_that_something_is_due_on_ends_where_its_unit_is(world: World) -> None:
    world.hear(world.moved_to("N1", "America/New_York"), receivable(world, "own", "2026-03-09"))

    with clock.frozen(datetime(2026, 3, 10, 1, 0, tzinfo=UTC)):  # the evening of the 9th in New York
        assert world.client("own").get("/desktop").json["receivables"]["total"] == 0
    with clock.frozen(NOON + timedelta(hours=1)):
        assert world.client("own").get("/desktop").json["receivables"]["total"] == 1


def test_lists_are_short_and_counts_are_whole(world: World) -> None:
    world.hear(*(activity(world, "own", "2026-03-09T00:00:00Z") for _ in range(12)))

    with clock.frozen(NOON):
        activities = world.client("own").get("/desktop").json["activities"]

    assert (len(activities["items"]), activities["total"]) == (10, 12)


@pytest.mark.parametrize("taken", ["activity:read", None])
def test_what_the_caller_may_not_read_is_not_on_the_desk(world: World, taken: str | None) -> None:
    fields = {} if taken else {"activity": {"subject": "hidden"}}
    grants = [name for name in READER if name != taken]
    client = world.user("limited", "N1", grants, fields=fields)
    world.hear(activity(world, "limited", "2026-03-09T00:00:00Z"))

    assert client.get("/desktop").json["activities"]["total"] == 0


def test_the_desktop_is_for_who_is_signed_in_and_allowed(world: World) -> None:
    assert world.bench.client().get("/desktop").status_code == 401
    assert world.user("none", "N1", ["customer:read"]).get("/desktop").status_code == 403
