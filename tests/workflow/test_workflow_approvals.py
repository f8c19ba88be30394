"""Approvals from the request to the decision: steps, who may decide, what is announced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from crm_chassis import clock, inbox, schedules
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench

from .conftest import Company, approve, do, read

VERBS = ("approve", "reject", "return", "delegate", "transfer", "add-approver", "withdraw", "remind")


def test_verbs_keep_to_sign_in_permission_scope_and_key(company: Company, bench: Bench) -> None:
    asked = company.ask()
    nobody = bench.client(bench.caller(company.units["N1"], []))
    stranger, max_ = company.people["fred"], company.people["max"]
    bodies = {"delegate": {"user_id": uuid7()}, "transfer": {"user_id": uuid7()}}
    bodies["add-approver"] = {"user_id": uuid7(), "where": "after"}
    for verb in VERBS:
        path, body = f"/approvals/{asked['id']}/{verb}", bodies.get(verb)
        if verb in {"reject", "return"}:
            body = {"comment": "x"}
        assert bench.client().get(path.removesuffix(f"/{verb}")).status_code == 401
        assert nobody.post(path, body).status_code == 403, verb
        assert stranger.post(path, body).status_code == 404, verb
        assert max_.call("POST", path, body).status_code == 400, verb
    assert nobody.get(f"/approvals/{asked['id']}/diagram").status_code == 403
    assert stranger.get(f"/approvals/{asked['id']}/diagram").status_code == 404


def test_steps_in_series_ask_one_after_the_other(company: Company) -> None:
    company.flow({"users": ["nora"]}, {"users": ["fred"]})
    asked = company.ask()
    assert company.asked_last() == {"nora"}
    assert do(company, "fred", asked, "approve").status_code == 404, "not asked yet, so not seen"

    approve(company, "nora", asked)
    assert company.asked_last() == {"fred"}
    assert company.events("decided") == []
    approve(company, "fred", asked)
    assert read(company, asked)["status"] == "approved"


def test_parallel_steps_ask_at_once_and_the_next_waits_for_both(company: Company) -> None:
    company.flow({"users": ["nora"]}, {"users": ["fred"], "mode": "parallel"}, {"users": ["gwen"]})
    asked = company.ask()
    assert company.asked_last() == {"nora", "fred"}

    approve(company, "fred", asked)
    assert len(company.events("assigned")) == 1
    approve(company, "nora", asked)
    assert company.asked_last() == {"gwen"}


def test_that_somebody_of_several_has_decided_is_told(company: Company) -> None:
    company.flow({"users": ["max", "fred"]})
    asked = company.ask()
    assert company.events("assigned")[0]["waiting_ids"] == sorted([company.id("max"), company.id("fred")])

    approve(company, "max", asked)
    told = [(e["id"], e["status"], e["waiting_ids"]) for e in company.events("changed")]
    approve(company, "fred", asked)

    assert told == [(asked["id"], "running", [company.id("fred")])]
    assert (len(company.events("changed")), len(company.events("decided"))) == (1, 1)


def test_a_step_whose_condition_does_not_hold_is_passed_over(company: Company) -> None:
    big = [{"field": "amount", "operator": "gte", "value": 5000}]
    company.flow({"users": ["gwen"], "conditions": big}, {"users": ["fred"]})
    small = company.ask()
    assert company.asked_last() == {"fred"}
    assert [step["state"] for step in read(company, small)["steps"]] == ["skipped", "waiting"]

    company.ask(fields={"amount": "5000"})
    assert company.asked_last() == {"gwen"}


def test_a_flow_of_which_no_step_applies_approves_at_once(company: Company) -> None:
    company.flow({"users": ["gwen"], "conditions": [{"field": "amount", "operator": "gt", "value": 5000}]})
    asked = company.ask()

    assert company.events("assigned") == []
    assert [(e["id"], e["status"], e["decided_by"]) for e in company.events("decided")] == [
        (asked["id"], "approved", None)
    ]


def test_somebody_of_another_company_who_is_asked_sees_and_decides(company: Company) -> None:
    company.flow({"users": ["eve"]})
    asked = company.ask()

    assert [item["id"] for item in company.people["eve"].get("/approvals?mine=pending").json["items"]] == [asked["id"]]
    approve(company, "eve", asked)
    assert read(company, asked)["status"] == "approved"


def test_one_of_many_is_enough_under_any(company: Company) -> None:
    company.flow({"users": ["nora", "fred"], "rule": "any"})
    asked = company.ask()
    approve(company, "fred", asked)

    assert read(company, asked)["status"] == "approved"
    assert do(company, "nora", asked, "approve").status_code == 409


@pytest.mark.parametrize(("verb", "status"), [("reject", "rejected"), ("return", "returned")])
def test_a_refusal_says_why_and_ends_the_approval(company: Company, verb: str, status: str) -> None:
    company.flow({"users": ["nora", "fred"]}, {"users": ["gwen"]})
    asked = company.ask()
    refused = do(company, "nora", asked, verb, comment=" ")
    assert refused.json["errors"][0]["pointer"] == "/comment"
    assert do(company, "nora", asked, verb, comment="缺发票").status_code == 200

    assert [(e["status"], e["comment"]) for e in company.events("decided")] == [(status, "缺发票")]
    assert read(company, asked)["waiting_ids"] == []
    assert do(company, "fred", asked, "approve").status_code == 409


def test_who_sees_it_but_is_not_asked_may_not_decide(company: Company, bench: Bench) -> None:
    asked = company.ask()
    everything = bench.client(bench.caller(company.units["BD"], ["approval:read", "approval:approve"]))
    reader = bench.client(bench.caller(company.units["BD"], ["approval:read"]))

    assert everything.post(f"/approvals/{asked['id']}/approve").status_code == 403
    assert reader.post(f"/approvals/{asked['id']}/approve").status_code == 403
    approve(company, "max", asked)
    assert do(company, "max", asked, "approve").status_code == 409


def test_the_same_key_decides_once(company: Company) -> None:
    company.flow({"users": ["nora", "fred"]})
    asked = company.ask()
    path = f"/approvals/{asked['id']}/approve"
    first = company.people["nora"].post(path, {"comment": "a"}, key="k")
    again = company.people["nora"].post(path, {"comment": "a"}, key="k")

    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")


def test_two_approvers_at_once_are_both_heard_and_decide_once(company: Company) -> None:
    company.flow({"users": ["nora", "fred", "gwen", "adam"]})
    names = ["nora", "fred", "gwen", "adam"]
    for _ in range(5):
        asked = company.ask()
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda name, a=asked: do(company, name, a, "approve").status_code, names))
        assert statuses == [200] * 4
        assert read(company, asked)["status"] == "approved"
    assert len(company.events("decided")) == 5


def test_an_approval_and_a_rejection_at_once_leave_one_decision(company: Company) -> None:
    company.flow({"users": ["nora", "fred"], "rule": "any"})
    asked = company.ask()
    with ThreadPoolExecutor(2) as pool:
        yes = pool.submit(do, company, "nora", asked, "approve")
        no = pool.submit(do, company, "fred", asked, "return", comment="x")

    assert sorted([yes.result().status_code, no.result().status_code]) == [200, 409]
    assert len(company.events("decided")) == 1


def test_my_list_shows_what_waits_for_me_what_i_asked_and_what_i_had(company: Company) -> None:
    waiting, done = company.ask(), company.ask()
    approve(company, "max", done)

    def listed(name: str, mine: str) -> list[str]:
        return [item["id"] for item in company.people[name].get(f"/approvals?mine={mine}").json["items"]]

    assert listed("max", "pending") == [waiting["id"]]
    assert listed("max", "taken") == [done["id"]]
    assert set(listed("anna", "requested")) == {waiting["id"], done["id"]}
    assert listed("anna", "pending") == []
    assert company.people["fred"].get("/approvals").json["items"] == []
    assert company.people["max"].get("/approvals?mine=all").status_code == 422
    assert read(company, waiting, "max")["mine"] == "pending"
    assert read(company, waiting, "max")["can"] == [
        "approve",
        "reject",
        "return",
        "delegate",
        "transfer",
        "add-approver",
    ]
    assert read(company, waiting)["can"] == ["withdraw", "remind"]
    assert read(company, waiting)["subject"]["id"] == waiting["subject_id"]


def test_only_the_requester_withdraws_and_only_while_it_runs(company: Company) -> None:
    asked = company.ask()
    assert do(company, "max", asked, "withdraw").status_code == 403
    assert do(company, "anna", asked, "withdraw").json["status"] == "withdrawn"

    assert [(e["id"], e["round"], e["subject_id"]) for e in company.events("withdrawn")] == [
        (asked["id"], 1, asked["subject_id"])
    ]
    assert do(company, "anna", asked, "withdraw").status_code == 409
    assert do(company, "max", asked, "approve").status_code == 409


def test_a_reminder_asks_again_once_a_day(company: Company) -> None:
    asked = company.ask()
    assert do(company, "max", asked, "remind").status_code == 403
    assert do(company, "anna", asked, "remind").status_code == 200
    assert (company.asked_last(), company.events("assigned")[-1]["reminder"]) == ({"max"}, True)

    again = do(company, "anna", asked, "remind")
    assert again.status_code == 429
    assert 86_000 < int(again.headers["Retry-After"]) <= 86_400
    with clock.frozen(clock.now() + timedelta(days=1, seconds=1)):
        assert do(company, "anna", asked, "remind").status_code == 200


def test_what_waits_too_long_times_out_once_and_the_manager_is_told(company: Company, bench: Bench) -> None:
    asked = company.ask()
    for days in (2, 4, 5):
        with clock.frozen(clock.now() + timedelta(days=days)):
            schedules.run_due(bench.runtime)

    late = company.events("timed-out")
    assert [(e["id"], e["assignee_ids"], e["escalated_to_ids"]) for e in late] == [
        (asked["id"], [company.id("max")], [company.id("nora")])
    ]
    assert read(company, asked, "nora")["status"] == "running"
    approve(company, "max", asked)


def test_asking_twice_makes_one_approval(company: Company) -> None:
    asked = company.ask()
    company.ask(**{name: asked[name] for name in ("id", "subject_id")})

    assert len(company.events("assigned")) == 1
    assert len(company.people["anna"].get("/approvals").json["items"]) == 1


def test_a_question_called_off_is_withdrawn(company: Company, bench: Bench) -> None:
    asked = company.ask()
    for _ in range(2):
        bench.deliver("crm.expenses.approval.cancelled.v1", asked, version=2)

    assert read(company, asked)["status"] == "withdrawn"
    assert len(company.events("withdrawn")) == 1


def test_a_question_called_off_before_it_was_heard_stays_withdrawn(company: Company, bench: Bench) -> None:
    early = {
        "id": uuid7(),
        "unit_id": company.units["T1"],
        "subject_type": "order",
        "subject_id": uuid7(),
    }
    bench.deliver("crm.sales.approval.cancelled.v1", early, version=2)
    asked = company.ask(service="sales", **early)
    inbox.retry_due(bench.runtime)

    assert read(company, asked)["status"] == "withdrawn"


def test_the_newest_round_counts_whatever_the_order(company: Company) -> None:
    subject = uuid7()
    first = company.ask(subject_id=subject, round=1)
    third = company.ask(subject_id=subject, round=3)
    second = company.ask(subject_id=subject, round=2)

    assert [read(company, each)["status"] for each in (first, second, third)] == ["withdrawn", "withdrawn", "running"]


def test_the_picture_is_data_or_an_image_in_both_languages(company: Company) -> None:
    company.flow({"users": ["nora"]}, {"users": ["fred"]})
    asked = company.ask(title="<b>差旅</b>")
    approve(company, "nora", asked)
    path = f"/approvals/{asked['id']}/diagram"
    drawn = company.people["anna"].get(path).json
    assert [(node["kind"], node["state"]) for node in drawn["nodes"]] == [
        ("start", "requested"),
        ("step", "approved"),
        ("step", "waiting"),
        ("end", "running"),
    ]
    assert drawn["nodes"][1]["people"][0] | {"at": None} == {
        "user_id": company.id("nora"),
        "name": "Nora",
        "decided_by": company.id("nora"),
        "decided_by_name": "Nora",
        "delegate_name": None,
        "state": "approved",
        "state_name": {"zh": "已同意", "en": "Approved"},
        "at": None,
        "comment": "同意",
    }

    image = company.people["anna"].get(path, headers={"Accept": "image/svg+xml"})
    assert image.mimetype == "image/svg+xml"
    assert "script" not in image.headers["Content-Security-Policy"]
    from xml.etree import ElementTree

    root = ElementTree.fromstring(image.text)
    words = [element.text for element in root.iter() if element.tag.endswith(("title", "desc"))]
    assert root.get("role") == "img"
    assert words[0] == "审批流程 Approval: <b>差旅</b>"
    assert "Nora: 已同意 Approved" in words[1]
    assert any("审批中 · Waiting" in str(each) for each in words)


def test_every_heard_event_is_handled_or_ignored_on_purpose() -> None:
    from crm_contracts.events import REGISTRY
    from crm_contracts.subscriptions import subscribers_of
    from crm_workflow.subscriptions import HANDLERS, IGNORED

    heard = {event_type for event_type in REGISTRY if "workflow" in subscribers_of(event_type)}
    assert heard == set(HANDLERS) | set(IGNORED)
