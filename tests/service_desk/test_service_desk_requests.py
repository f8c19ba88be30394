"""A request from the first word to the archive."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from crm_chassis import clock, schedules
from crm_chassis.identity import Grant
from crm_chassis.ids import uuid7
from crm_chassis.org import OrgUnit, OrgUser
from crm_service_desk.requests import rules

from .conftest import AGENT, Desk

LATER = "2099-01-01T00:00:00Z"
BODIES = {
    "assign": {"assignee_id": str(uuid7())},
    "hold": {"until": LATER, "reason": "waits for a part"},
    "answer": {"answer": "done"},
    "feedback": {"satisfaction": 5},
}


def test_a_satisfied_customers_request_goes_from_created_to_archived(desk: Desk) -> None:
    agent_id = str(desk.agent.principal.user_id)
    made = desk.request(customer_id=desk.customer(), priority="high")
    assert (made["status"], made["number"]) == ("created", "SR-N1-000001")
    assert made["can"] == ["update", "delete", "assign", "start", "hold", "escalate"]

    assert desk.verb(made, "assign", assignee_id=agent_id)["status"] == "assigned"
    assert desk.verb(made, "start")["status"] == "in_progress"
    assert desk.verb(made, "answer", answer="已更换电源")["status"] == "answered"
    rated = desk.verb(made, "feedback", satisfaction=4, comment="很快")

    assert (rated["status"], rated["satisfaction"], rated["feedback"]) == ("archived", 4, "很快")
    assert rated["can"] == ["reopen"]
    assert desk.facts(made) == [
        "request.created.v1",
        "request.assigned.v1",
        "request.started.v1",
        "request.answered.v1",
        "request.rated.v1",
        "request.archived.v1",
    ]


def test_an_unsatisfied_customers_request_goes_back_to_its_assignee(desk: Desk) -> None:
    made = desk.request()
    desk.verb(made, "start")
    desk.verb(made, "answer", answer="restart it")

    rated = desk.verb(made, "feedback", satisfaction=2)

    assert (rated["status"], rated["reopened_count"], rated["assignee_id"]) == (
        "assigned",
        1,
        str(desk.agent.principal.user_id),
    )


def test_giving_it_to_whoever_has_it_is_no_news(desk: Desk) -> None:
    made = desk.request()
    me = str(desk.agent.principal.user_id)
    first = desk.verb(made, "assign", assignee_id=me)

    assert desk.verb(made, "assign", assignee_id=me)["version"] == first["version"]
    assert desk.facts(made).count("request.assigned.v1") == 1


def test_a_request_is_given_to_who_works_where_the_callers_right_reaches(desk: Desk) -> None:
    team = desk.bench.unit("N1T", desk.n1, "team")
    own = desk.bench.client(desk.bench.caller(desk.n1, {name: Grant(own=True) for name in AGENT}, username="own"))
    path = f"/requests/{desk.request(own)['id']}/assign"
    colleague, below = (desk.bench.caller(unit, [], username=f"u{unit}").user_id for unit in (desk.n1, team))
    elsewhere, above = (desk.bench.caller(unit, [], username=f"u{unit}").user_id for unit in (desk.e1, desk.root))
    gone = desk.bench.caller(desk.n1, [], username="gone").user_id
    with desk.bench.system() as session:
        session.get_one(OrgUser, gone).active = False

    for stranger in (elsewhere, above, gone, uuid7()):
        refused = own.post(path, {"assignee_id": str(stranger)})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/assignee_id")
    for one in (colleague, below):
        assert own.post(path, {"assignee_id": str(one)}).status_code == 200
    head = desk.bench.client(desk.bench.caller(desk.root, AGENT, username="head"))
    assert head.post(path, {"assignee_id": str(elsewhere)}).status_code == 200


def test_who_works_in_several_units_may_be_given_the_requests_of_each(desk: Desk) -> None:
    helper = desk.bench.caller(desk.e1, [], username="helper").user_id
    with desk.bench.system() as session:
        session.get_one(OrgUser, helper).unit_ids = [str(desk.e1), str(desk.n1)]

    assert desk.verb(desk.request(), "assign", assignee_id=str(helper))["assignee_id"] == str(helper)


@pytest.mark.parametrize("verb", sorted(rules.ALLOWED))
def test_each_verb_wants_a_caller_who_sees_the_request_and_may(desk: Desk, verb: str) -> None:
    path = f"/requests/{desk.request()['id']}/{verb}"
    body = BODIES.get(verb, {})
    reader = desk.bench.client(desk.bench.caller(desk.n1, ["request:read"]))
    elsewhere = desk.bench.caller(
        desk.n1,
        {
            "request:read": Grant(everything=True),
            "request:update": Grant(subtrees=frozenset({desk.e1})),
            "request:assign": Grant(subtrees=frozenset({desk.e1})),
        },
    )

    assert desk.bench.client().post(path, body).status_code == 401
    assert desk.stranger.post(path, body).status_code == 404
    assert reader.post(path, body).status_code == 403
    assert desk.bench.client(elsewhere).post(path, body).status_code == 403


@pytest.mark.parametrize("verb", ["resume", "answer", "feedback", "archive", "reopen"])
def test_a_verb_the_state_forbids_is_refused_with_the_reason(desk: Desk, verb: str) -> None:
    answer = desk.agent.post(f"/requests/{desk.request()['id']}/{verb}", BODIES.get(verb, {}))

    assert answer.status_code == 409
    assert "This request is created" in answer.json["detail"]


def test_an_archived_request_is_not_edited_until_it_is_reopened(desk: Desk) -> None:
    made = desk.request()
    desk.verb(made, "start")
    desk.verb(made, "answer", answer="done")
    archived = desk.verb(made, "archive")

    path = f"/requests/{made['id']}"
    assert desk.agent.patch(path, {"summary": "x"}, version=archived["version"]).status_code == 409
    reopened = desk.verb(made, "reopen", reason="坏了又坏")
    assert (reopened["status"], reopened["reopened_count"]) == ("assigned", 1)
    assert desk.agent.get(f"{path}/comments").json["items"][0]["body"] == "坏了又坏"
    assert desk.agent.patch(path, {"summary": "x"}, version=reopened["version"]).status_code == 200


def test_escalation_raises_the_priority_and_calls_the_units_manager(desk: Desk) -> None:
    lead = desk.bench.caller(desk.n1, [], username="lead")
    with desk.bench.system() as session:
        session.get_one(OrgUnit, desk.n1).manager_id = lead.user_id
    made = desk.request(priority="high")

    raised = desk.verb(made, "escalate", reason="VIP")

    assert (raised["priority"], raised["assignee_id"], raised["status"]) == ("urgent", str(lead.user_id), "assigned")
    assert desk.facts(made)[-1] == "request.escalated.v1"


def test_escalation_passes_over_a_manager_who_left(desk: Desk) -> None:
    left, boss = (desk.bench.caller(unit, [], username=name) for unit, name in ((desk.n1, "left"), (desk.root, "boss")))
    with desk.bench.system() as session:
        session.get_one(OrgUser, left.user_id).active = False
        session.get_one(OrgUnit, desk.n1).manager_id = left.user_id
        session.get_one(OrgUnit, desk.root).manager_id = boss.user_id

    assert desk.verb(desk.request(), "escalate")["assignee_id"] == str(boss.user_id)


def test_escalation_climbs_to_the_next_manager_and_ends_at_the_top(desk: Desk) -> None:
    team = desk.bench.unit("N1T", desk.n1, "team")
    lead, boss = (desk.bench.caller(unit, [], username=name) for unit, name in ((team, "lead"), (desk.root, "boss")))
    made = desk.request(unit_id=str(team))
    path = f"/requests/{made['id']}/escalate"
    assert desk.agent.post(path, {}).status_code == 409
    with desk.bench.system() as session:
        for unit, manager in ((team, lead), (desk.n1, lead), (desk.root, boss)):
            session.get_one(OrgUnit, unit).manager_id = manager.user_id

    raised = [desk.verb(made, "escalate")["assignee_id"] for _ in range(2)]

    assert raised == [str(lead.user_id), str(boss.user_id)]
    assert "No manager stands above" in desk.agent.post(path, {}).json["detail"]
    assert desk.facts(made).count("request.escalated.v1") == 2


def test_requests_are_imported_as_new_ones_only(desk: Desk) -> None:
    clerk = desk.bench.client(desk.bench.caller(desk.n1, [*AGENT, "request:import"], username="clerk"))

    def send(mode: str) -> Any:
        content = BytesIO(b"number,summary,kind\nSR-N1-000001,x,repair\n")
        form = {"file": (content, "list.csv"), "mode": mode, "key": "number"}
        return clerk.call("POST", "/requests/imports", key=mode, data=form)

    assert clerk.get("/requests/schema").json["import_keys"] == []
    assert [send(mode).json["errors"][0]["pointer"] for mode in ("update", "upsert")] == ["/key"] * 2
    started = send("create")
    desk.bench.run_jobs()
    assert clerk.get(started.headers["Location"]).json["counts"] == {"created": 1, "updated": 0, "rejected": 0}


def test_the_assignee_sees_it_under_scope_self_and_others_do_not(desk: Desk) -> None:
    own = {name: Grant(own=True) for name in AGENT}
    worker = desk.bench.caller(desk.n1, own, username="worker")
    client = desk.bench.client(worker)
    made = desk.request()
    assert client.get(f"/requests/{made['id']}").status_code == 404
    assert client.get("/requests?count=true").json["total"] == 0

    desk.verb(made, "assign", assignee_id=str(worker.user_id))

    assert client.get(f"/requests/{made['id']}").status_code == 200
    assert client.get(f"/requests/{made['id']}/comments").json == {"items": [], "next_cursor": None}
    assert client.post(f"/requests/{made['id']}/start", {}).status_code == 200


def test_comments_are_text_as_written_and_only_for_who_sees_the_request(desk: Desk) -> None:
    made = desk.request()
    path = f"/requests/{made['id']}/comments"
    texts = ["if a<b then", "<script>alert(1)</script>", "第三条"]
    for text in texts:
        assert desk.agent.post(path, {"body": text}).status_code == 201

    first = desk.agent.get(f"{path}?limit=2").json
    second = desk.agent.get(f"{path}?limit=2&cursor={first['next_cursor']}").json

    assert [item["body"] for item in first["items"] + second["items"]] == texts
    assert second["next_cursor"] is None
    assert first["items"][0]["public"] is False
    assert desk.bench.client().get(path).status_code == 401
    assert desk.stranger.get(path).status_code == 404
    assert desk.stranger.post(path, {"body": "x"}).status_code == 404
    assert desk.agent.get(f"{path}?limit=0").status_code == 422


def test_the_first_public_comment_is_the_first_response(desk: Desk) -> None:
    made = desk.request()
    desk.agent.post(f"/requests/{made['id']}/comments", {"body": "internal"})
    assert desk.agent.get(f"/requests/{made['id']}").json["responded_at"] is None

    desk.agent.post(f"/requests/{made['id']}/comments", {"body": "我们已收到", "public": True})

    assert desk.agent.get(f"/requests/{made['id']}").json["responded_at"] is not None
    assert desk.facts(made)[-1] == "request.changed.v1"


def test_what_was_answered_a_week_ago_is_archived_by_itself(desk: Desk) -> None:
    old, fresh = desk.request(), desk.request()
    for request in (old, fresh):
        desk.verb(request, "start")
    desk.verb(old, "answer", answer="done")
    with clock.frozen(clock.now() + timedelta(days=7, minutes=1)):
        desk.verb(fresh, "answer", answer="done")
        schedules.run_due(desk.bench.runtime)

    assert desk.agent.get(f"/requests/{old['id']}").json["status"] == "archived"
    assert desk.agent.get(f"/requests/{fresh['id']}").json["status"] == "answered"
    assert desk.facts(old)[-1] == "request.archived.v1"


def test_a_leaving_users_unfinished_requests_go_to_the_successor(desk: Desk) -> None:
    leaver, heir = desk.agent.principal, desk.bench.caller(desk.n1, AGENT, username="heir")
    unfinished, finished = desk.request(), desk.request()
    for request in (unfinished, finished):
        desk.verb(request, "start")
    desk.verb(finished, "answer", answer="done")
    desk.verb(finished, "archive")
    handover = {"id": str(leaver.user_id), "to_user_id": str(heir.user_id)}

    for _ in range(2):
        desk.bench.deliver("crm.gateway.user.handed-over.v1", handover, version=9)

    moved = desk.agent.get(f"/requests/{unfinished['id']}").json
    kept = desk.agent.get(f"/requests/{finished['id']}").json
    assert {moved["owner_id"], moved["assignee_id"]} == {str(heir.user_id)}
    assert {kept["owner_id"], kept["assignee_id"]} == {str(leaver.user_id)}


def test_requests_are_found_by_number_and_by_any_part_of_their_text(desk: Desk) -> None:
    made = desk.request(description="屏幕一直黑着")
    desk.request(desk.stranger)

    for words in (made["number"], "打不开", "黑着"):
        assert [item["id"] for item in desk.agent.get(f"/requests?q={words}").json["items"]] == [made["id"]], words


@pytest.mark.parametrize(
    ("satisfaction", "status"), [(1, "assigned"), (2, "assigned"), (3, "archived"), (5, "archived")]
)
def test_rating_rule(satisfaction: int, status: str) -> None:
    assert rules.after_feedback(satisfaction) == status


@pytest.mark.parametrize(
    ("before", "after"), [("low", "normal"), ("normal", "high"), ("high", "urgent"), ("urgent", "urgent")]
)
def test_priority_rule(before: str, after: str) -> None:
    assert rules.raised(before) == after


def test_why_a_verb_is_refused_is_told_in_the_callers_language(desk: Desk) -> None:
    path = f"/requests/{desk.request()['id']}/resume"

    told = [desk.agent.post(path, {}, headers={"Accept-Language": asked}).json["detail"] for asked in ("zh-CN", "en")]
    assert told == [
        "该服务请求的状态为“已创建”，“恢复”仅适用于：已挂起。",
        "This request is created; resume is for requests that are on hold.",
    ]
