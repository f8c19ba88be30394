"""The pure decisions of flows and approvals, by table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from crm_workflow.approvals import diagram, rules
from crm_workflow.conditions import matches
from crm_workflow.flows.rules import Published, choose

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("operator", "value", "found", "expected"),
    [
        ("eq", "CNY", "CNY", True),
        ("eq", 100, "100.00", True),
        ("eq", True, "true", True),
        ("eq", True, 1, False),
        ("ne", "CNY", "USD", True),
        ("gt", 5000, "5000.00", False),
        ("gte", 5000, "5000.00", True),
        ("lt", "10", "9", True),
        ("lte", "2026-03-01", "2026-02-28", True),
        ("in", ["cash", "other"], "cash", True),
        ("in", [1, 2], "2.0", True),
        ("not_in", ["cash"], "other", True),
        ("not_in", ["cash"], None, False),
        ("contains", "south", ["north", "south"], True),
        ("contains", "sou", ["north", "south"], False),
        ("contains", "sou", "south", True),
        ("gt", 1, None, False),
        ("ne", 1, None, False),
        ("gt", 1, "many", True),
    ],
)
def test_a_condition_on_a_field(operator: str, value: Any, found: Any, expected: bool) -> None:
    assert matches([{"field": "f", "operator": operator, "value": value}], {"f": found}) is expected


def test_all_conditions_must_hold() -> None:
    both = [{"field": "a", "operator": "gt", "value": 1}, {"field": "b", "operator": "eq", "value": "x"}]

    assert matches(both, {"a": 2, "b": "x"})
    assert not matches(both, {"a": 2, "b": "y"})
    assert matches([], {})


def test_the_nearest_flow_that_fits_is_taken_and_of_one_unit_the_one_with_most_conditions() -> None:
    team, company, group = uuid4(), uuid4(), uuid4()
    big = {"field": "amount", "operator": "gte", "value": 5000}

    def flow(unit: Any, *conditions: dict[str, Any]) -> Published:
        return Published(uuid4(), unit, 1, "", list(conditions), [])

    at_group, at_company, at_company_big, elsewhere = flow(group), flow(company), flow(company, big), flow(uuid4())
    flows = [at_group, elsewhere, at_company, at_company_big]
    path = [team, company, group]

    assert choose(flows, path, {"amount": "6000"}) == at_company_big
    assert choose(flows, path, {"amount": "10"}) == at_company
    assert choose([at_group, elsewhere, at_company_big], path, {"amount": "10"}) == at_group
    assert choose([elsewhere], path, {}) is None


def running(*people: str, rule: str = "all") -> list[rules.Step]:
    return [rules.opened(template(rule=rule), people, NOW)]


def template(key: str = "s", mode: str = "serial", rule: str = "all") -> rules.Step:
    words = {"key": key, "name": key, "mode": mode, "rule": rule, "approvers": [], "conditions": [], "due_days": 3}
    return rules.begin([words])[0]


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        (["serial", "serial"], [[0], [1]]),
        (["serial", "parallel", "serial"], [[0, 1], [2]]),
        (["parallel", "parallel"], [[0, 1]]),
        ([], []),
    ],
)
def test_parallel_steps_join_the_one_before_them(modes: list[str], expected: list[list[int]]) -> None:
    assert rules.stages([template(mode=mode) for mode in modes]) == expected


@pytest.mark.parametrize(
    ("rule", "decisions", "state"),
    [
        ("all", {"a": "approved"}, "waiting"),
        ("all", {"a": "approved", "b": "approved"}, "approved"),
        ("all", {"a": "rejected"}, "rejected"),
        ("all", {"a": "approved", "b": "returned"}, "returned"),
        ("any", {"a": "approved"}, "approved"),
        ("any", {"a": "rejected"}, "waiting"),
        ("any", {"a": "rejected", "b": "approved"}, "approved"),
        ("any", {"a": "rejected", "b": "rejected"}, "rejected"),
        ("any", {"a": "returned"}, "returned"),
    ],
)
def test_what_closes_a_step(rule: str, decisions: dict[str, str], state: str) -> None:
    steps = running("a", "b", rule=rule)
    for user, decision in decisions.items():
        steps = rules.decided(steps, user, decision, comment=None, now=NOW)

    assert steps[0]["state"] == state
    assert rules.waiting_for(steps) == ({"a", "b"} - set(decisions) if state == "waiting" else set())


def test_a_step_ends_once_whatever_is_decided_after_it() -> None:
    done = rules.decided(running("a"), "a", "approved", comment=None, now=NOW)
    steps = [*done, rules.opened(template("next"), ["b"], NOW)]

    later = rules.decided(steps, "b", "approved", comment=None, now=NOW + timedelta(days=1))

    assert [step["ended_at"] for step in later] == ["2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z"]


def test_deciding_leaves_the_steps_given_untouched() -> None:
    steps = running("a")
    rules.decided(steps, "a", "approved", comment="ok", now=NOW)

    assert steps == running("a")


def test_a_delegate_may_decide_and_the_person_still_may() -> None:
    steps = rules.delegated(running("a"), "a", "d")
    assert rules.waiting_for(steps) == {"a", "d"}
    assert rules.is_asked(steps, "a")
    assert not rules.is_asked(steps, "d")

    done = rules.decided(steps, "d", "approved", comment=None, now=NOW)
    assert rules.outcome(done) == "approved"
    assert done[0]["assignees"][0]["decided_by"] == "d"
    assert rules.outcome(rules.decided(steps, "a", "approved", comment=None, now=NOW)) == "approved"


def test_a_transfer_takes_the_person_out() -> None:
    steps = rules.transferred(running("a", "b"), "a", ["c"], NOW)

    assert rules.waiting_for(steps) == {"b", "c"}
    assert rules.involved(steps) == {"a", "b", "c"}


def test_a_transfer_to_somebody_who_agreed_already_settles_the_step() -> None:
    steps = rules.decided(running("a", "b"), "b", "approved", comment=None, now=NOW)

    assert rules.outcome(rules.transferred(steps, "a", ["b"], NOW)) == "approved"


def test_what_is_transferred_back_is_asked_again() -> None:
    there = rules.transferred(running("a"), "a", ["b"], NOW)
    back = rules.transferred(there, "b", ["a"], NOW)

    assert rules.waiting_for(back) == {"a"}


def test_who_lost_the_right_is_out_of_a_step_that_the_others_settle() -> None:
    step = rules.relieved(running("a", "b")[0], {"a"}, ["b", "c"], NOW)
    assert rules.waiting_for([step]) == {"b", "c"}
    assert [(each["user_id"], each["state"]) for each in step["assignees"]] == [
        ("a", "relieved"),
        ("b", "waiting"),
        ("c", "waiting"),
    ]

    steps = [step]
    for user in ("b", "c"):
        steps = rules.decided(steps, user, "approved", comment=None, now=NOW)
    assert rules.outcome(steps) == "approved"


def test_who_lost_the_right_and_has_it_again_can_be_asked_again() -> None:
    step = rules.relieved(running("a")[0], {"a"}, ["b"], NOW)

    assert rules.waiting_for([rules.relieved(step, {"b"}, ["a"], NOW)]) == {"a"}


def test_a_delegate_who_lost_the_right_leaves_the_person_asked() -> None:
    step = rules.relieved(rules.delegated(running("a"), "a", "d")[0], {"d"}, [], NOW)

    assert rules.waiting_for([step]) == {"a"}


def test_what_was_said_and_steps_to_come_stay_when_somebody_loses_the_right() -> None:
    said = rules.decided(running("a", "b"), "a", "approved", comment="fine", now=NOW)[0]

    assert rules.relieved(said, {"a"}, [], NOW) == said
    assert rules.relieved(template(), {"a"}, [], NOW) == template()


def test_a_step_put_before_holds_the_stage_up_and_loses_nothing_said_there() -> None:
    steps = [rules.opened(template("one"), ["a", "b"], NOW), template("two")]
    steps = rules.decided(steps, "a", "approved", comment="fine", now=NOW)
    steps = rules.inserted(steps, rules.added_step("extra", "x", added_by="b", due_days=3), before=True)
    assert [step["key"] for step in steps] == ["extra", "one", "two"]
    assert rules.current(steps) == [0]
    assert rules.waiting_for(steps) == set()

    steps[0] = rules.opened(steps[0], ["x"], NOW)
    steps = rules.decided(steps, "x", "approved", comment=None, now=NOW)
    assert rules.current(steps) == [1]
    steps[1] = rules.opened(steps[1], [], NOW)
    assert rules.waiting_for(steps) == {"b"}
    assert steps[1]["assignees"][0]["comment"] == "fine"


def test_a_step_put_after_comes_when_all_that_runs_together_is_done() -> None:
    steps = [template("one"), template("two", "parallel"), template("three")]
    steps = rules.inserted(steps, rules.added_step("extra", "x", added_by="b", due_days=3), before=False)

    assert [step["key"] for step in steps] == ["one", "two", "extra", "three"]
    assert rules.stages(steps) == [[0, 1], [2], [3]]


def test_a_step_times_out_once() -> None:
    steps = running("a")
    assert rules.next_due(steps) == NOW + timedelta(days=3)
    assert rules.timed_out(steps, NOW + timedelta(days=2))[1] == set()
    late, waiting = rules.timed_out(steps, NOW + timedelta(days=3))

    assert waiting == {"a"}
    assert rules.timed_out(late, NOW + timedelta(days=9))[1] == set()
    assert rules.next_due(late) is None


def test_an_approval_that_is_over_waits_for_nobody() -> None:
    steps = rules.stopped([*running("a"), template("two")], NOW)

    assert rules.waiting_for(steps) == set()
    assert [step["state"] for step in steps] == ["stopped", "stopped"]


def test_the_picture_connects_every_step_of_a_stage_with_every_one_of_the_next() -> None:
    steps = [template("a"), template("b", "parallel"), template("c")]
    drawn = diagram.graph(steps, status="running", requester_id="r", requested_at="2026-03-02T08:00:00Z", names={})

    assert [node["id"] for node in drawn["nodes"]] == ["start", "step:a", "step:b", "step:c", "end"]
    assert {(edge["from"], edge["to"]) for edge in drawn["edges"]} == {
        ("start", "step:a"),
        ("start", "step:b"),
        ("step:a", "step:c"),
        ("step:b", "step:c"),
        ("step:c", "end"),
    }


def test_every_state_has_its_words() -> None:
    used = {"pending", "waiting", "skipped", "stopped", "spared", "running", "withdrawn", "requested"}
    assert used | rules.OUT | set(rules.DECISIONS.values()) == set(diagram.STATES)
