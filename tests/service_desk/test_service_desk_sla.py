"""Time limits: which policy holds, when they end, what a hold does, who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_chassis.testing import Client
from crm_service_desk.sla import rules

from .conftest import AGENT, Desk

GROUP, COMPANY, TEAM = uuid7(), uuid7(), uuid7()


@dataclass
class Terms:
    name: str
    unit_id: UUID
    kind: str | None = None
    priority: str | None = None
    level: str | None = None
    response_minutes: int = 30
    resolve_minutes: int = 240


POLICIES = [
    Terms("group", GROUP),
    Terms("group complaints", GROUP, kind="complaint"),
    Terms("group urgent complaints", GROUP, kind="complaint", priority="urgent"),
    Terms("company A", COMPANY, level="A"),
    Terms("elsewhere", uuid7()),
]


@pytest.mark.parametrize(
    ("kind", "priority", "level", "name"),
    [
        ("repair", "normal", None, "group"),
        ("complaint", "normal", None, "group complaints"),
        ("complaint", "urgent", "B", "group urgent complaints"),
        ("complaint", "urgent", "A", "company A"),
    ],
)
def test_the_nearest_units_most_special_policy_holds(kind: str, priority: str, level: str | None, name: str) -> None:
    found = rules.choose(POLICIES, [TEAM, COMPANY, GROUP], kind=kind, priority=priority, level=level)

    assert found is not None
    assert found.name == name


def test_where_no_policy_fits_there_is_no_limit() -> None:
    assert rules.choose(POLICIES, [uuid7()], kind="repair", priority="low", level=None) is None


def test_deadlines_count_round_the_clock_and_move_by_the_hold() -> None:
    start = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)

    found = rules.deadlines(start, response_minutes=30, resolve_minutes=600, held_s=3600)

    assert found.response_due_at == start + timedelta(minutes=90)
    assert found.warn_at == start + timedelta(minutes=540)
    assert found.due_at == start + timedelta(minutes=660)


@pytest.fixture
def office(desk: Desk) -> Client:
    """Head office's service lead, whose policy every company inherits."""
    client = desk.bench.client(desk.bench.caller(desk.root, AGENT, username="office"))
    policy = {"name": "standard", "response_minutes": 60, "resolve_minutes": 600}
    assert client.post("/sla-policies", policy).status_code == 201
    return client


def minutes(desk: Desk, request: dict[str, str]) -> tuple[int, int]:
    made = datetime.fromisoformat(request["created_at"])
    due = [datetime.fromisoformat(request[name]) - made for name in ("response_due_at", "due_at")]
    return round(due[0].total_seconds() / 60), round(due[1].total_seconds() / 60)


def test_a_company_inherits_the_groups_limits_and_may_set_its_own(desk: Desk, office: Client) -> None:
    assert minutes(desk, desk.request()) == (60, 600)
    strict = {"name": "strict", "priority": "urgent", "response_minutes": 5, "resolve_minutes": 50}
    assert desk.agent.post("/sla-policies", strict).status_code == 201

    urgent = desk.request(priority="urgent")
    assert minutes(desk, urgent) == (5, 50)
    assert minutes(desk, desk.request(desk.stranger, priority="urgent")) == (60, 600)
    milder = desk.agent.patch(f"/requests/{urgent['id']}", {"priority": "low"}, version=urgent["version"]).json
    assert minutes(desk, milder) == (60, 600)


def test_a_limit_to_answer_after_the_one_to_solve_is_refused(desk: Desk) -> None:
    answer = desk.agent.post("/sla-policies", {"name": "odd", "response_minutes": 9, "resolve_minutes": 8})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/response_minutes"


def test_what_is_due_moves_by_the_time_on_hold_and_the_hold_ends_by_itself(desk: Desk, office: Client) -> None:
    made = desk.request()
    until = clock.now() + timedelta(hours=5)
    desk.verb(made, "hold", until=until.isoformat(), reason="waits for a part")
    with clock.frozen(until + timedelta(seconds=1)):
        schedules.run_due(desk.bench.runtime)

    resumed = desk.agent.get(f"/requests/{made['id']}").json
    assert resumed["status"] == "created"
    assert minutes(desk, resumed) == (60 + 300, 600 + 300)
    assert desk.facts(made) == ["request.created.v1", "request.held.v1", "request.resumed.v1"]


def test_a_hold_until_yesterday_is_refused(desk: Desk) -> None:
    path = f"/requests/{desk.request()['id']}/hold"

    answer = desk.agent.post(path, {"until": "2020-01-01T00:00:00Z", "reason": "x"})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/until"


def told(desk: Desk, request: dict[str, str]) -> list[tuple[str, str]]:
    events = [event for event in desk.bench.events() if event["type"].startswith("crm.service-desk.sla")]
    return [(event["type"], event["data"]["target"]) for event in events if event["subject"] == request["id"]]


def test_warning_and_breaches_are_told_once_each(desk: Desk, office: Client) -> None:
    made, start = desk.request(), clock.now()
    expected: list[tuple[str, str]] = []
    for after, news in [
        (59, None),
        (61, ("crm.service-desk.sla.breached.v1", "response")),
        (479, None),
        (481, ("crm.service-desk.sla.warned.v1", "resolution")),
        (601, ("crm.service-desk.sla.breached.v1", "resolution")),
        (700, None),
    ]:
        with clock.frozen(start + timedelta(minutes=after)):
            schedules.run_due(desk.bench.runtime)
        expected += [news] if news else []
        assert told(desk, made) == expected, after


def watch(desk: Desk, moment: datetime) -> None:
    with clock.frozen(moment):
        schedules.run_due(desk.bench.runtime)


def regraded(desk: Desk, request: dict[str, str], moment: datetime, priority: str) -> list[bool]:
    """The flags of a request that gets another priority: response broken, solution warned of, solution broken."""
    path = f"/requests/{request['id']}"
    with clock.frozen(moment):
        answer = desk.agent.patch(path, {"priority": priority}, version=desk.agent.get(path).json["version"])
    return [answer.json[name] for name in ("response_breached", "sla_warned", "sla_breached")]


@pytest.fixture
def mild(desk: Desk, office: Client) -> None:
    """Longer limits for requests of low priority."""
    policy = {"name": "mild", "priority": "low", "response_minutes": 700, "resolve_minutes": 1000}
    assert office.post("/sla-policies", policy).status_code == 201


def test_a_limit_that_is_put_off_is_told_anew(desk: Desk, mild: None) -> None:
    made, start = desk.request(), clock.now()
    watch(desk, start + timedelta(minutes=601))
    broken = [("crm.service-desk.sla.breached.v1", target) for target in ("response", "resolution")]
    assert told(desk, made) == broken

    assert regraded(desk, made, start + timedelta(minutes=602), "high") == [True, True, True], "the same limits"
    assert regraded(desk, made, start + timedelta(minutes=602), "low") == [False, False, False]
    for after in (650, 801, 1001):
        watch(desk, start + timedelta(minutes=after))

    anew = [broken[0], ("crm.service-desk.sla.warned.v1", "resolution"), broken[1]]
    assert told(desk, made) == [*broken, *anew]


def test_a_limit_that_is_brought_forward_into_the_past_is_told_at_once(desk: Desk, mild: None) -> None:
    made, start = desk.request(priority="low"), clock.now()
    watch(desk, start + timedelta(minutes=650))
    assert told(desk, made) == []

    regraded(desk, made, start + timedelta(minutes=650), "normal")
    watch(desk, start + timedelta(minutes=651))

    assert [target for _, target in told(desk, made)] == ["response", "resolution"]


def test_a_new_limit_is_held_against_when_it_was_answered_and_when_the_clock_stopped(desk: Desk, mild: None) -> None:
    made, start = desk.request(), clock.now()
    with clock.frozen(start + timedelta(minutes=601)):
        schedules.run_due(desk.bench.runtime)
        desk.agent.post(f"/requests/{made['id']}/comments", {"body": "我们已收到", "public": True})
        desk.verb(made, "hold", until="2099-01-01T00:00:00Z", reason="waits for a part")

    assert regraded(desk, made, start + timedelta(days=9), "low") == [False, False, False]


def test_nobody_is_told_about_what_is_answered_or_on_hold(desk: Desk, office: Client) -> None:
    answered, held = desk.request(), desk.request()
    desk.verb(answered, "start")
    desk.verb(answered, "answer", answer="done")
    desk.verb(held, "hold", until="2099-01-01T00:00:00Z", reason="x")
    with clock.frozen(clock.now() + timedelta(days=3)):
        schedules.run_due(desk.bench.runtime)

    assert told(desk, answered) == told(desk, held) == []


def test_policies_want_their_permission(desk: Desk) -> None:
    body = {"name": "x", "response_minutes": 1, "resolve_minutes": 2}

    assert desk.bench.client().post("/sla-policies", body).status_code == 401
    reader = desk.bench.client(desk.bench.caller(desk.n1, ["sla_policy:read"]))
    assert reader.post("/sla-policies", body).status_code == 403
    made = desk.agent.post("/sla-policies", body).json
    assert desk.stranger.get(f"/sla-policies/{made['id']}").status_code == 404


def test_a_group_begins_with_a_policy_for_each_priority(desk: Desk) -> None:
    root = uuid7()
    unit = {"code": "BD", "name": "G", "name_en": None, "kind": "group", "parent_id": None, "manager_id": None}
    more = {"timezone": "Asia/Shanghai", "currency": "CNY", "active": True, "tree_version": 1}

    for _ in range(2):
        desk.bench.deliver("crm.gateway.org-unit.created.v1", {"id": root, **unit, **more})

    lead = desk.bench.client(desk.bench.caller(root))
    limits = {p["priority"]: p["resolve_minutes"] for p in lead.get("/sla-policies").json["items"]}
    assert limits == {"urgent": 240, "high": 480, "normal": 1440, "low": 4320}
    assert [each["priority"] for each in lead.get("/sla-policies?q=紧急").json["items"]] == ["urgent"]
    (week,) = lead.get("/business-calendars?q=weekdays").json["items"]
    assert (week["timezone"], len(week["hours"])) == ("Asia/Shanghai", 5)
