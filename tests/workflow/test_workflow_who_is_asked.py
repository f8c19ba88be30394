"""Who is asked: by the flow or without one, who can decide at all, and when nobody is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_chassis import clock, schedules
from crm_chassis.testing import Bench

from .conftest import Company, approve, do, read


def test_without_a_flow_the_manager_decides(company: Company) -> None:
    asked = company.ask()
    assert company.asked_last() == {"max"}
    event = company.events("assigned")[0]
    assert (event["id"], event["subject_id"], event["round"]) == (asked["id"], asked["subject_id"], 1)
    assert event["due_at"] is not None

    approve(company, "max", asked)
    decided = company.events("decided")
    assert len(decided) == 1
    assert (decided[0]["status"], decided[0]["comment"], decided[0]["decided_by"], decided[0]["round"]) == (
        "approved",
        "同意",
        company.id("max"),
        1,
    )
    assert decided[0]["subject_type"] == "claim"


@pytest.mark.parametrize(
    ("requester", "asked"), [("anna", {"max"}), ("max", {"nora"}), ("nora", {"adam"}), ("adam", {"nora"})]
)
def test_nobody_approves_their_own_request(company: Company, requester: str, asked: set[str]) -> None:
    request = company.ask(requester)

    assert company.asked_last() == asked
    assert do(company, requester, request, "approve").status_code == 403


def test_a_requester_named_as_a_user_decides(company: Company) -> None:
    company.flow({"users": ["anna"]})
    asked = company.ask()

    approve(company, "anna", asked)
    assert read(company, asked)["status"] == "approved"


@pytest.mark.parametrize(
    ("approver", "asked"),
    [
        ({"kind": "role", "value": "finance"}, {"fred"}),
        ({"kind": "role", "value": "group_admin"}, {"gwen"}),
        ({"kind": "role", "value": "nobody_has_it"}, {"adam"}),
        ({"kind": "unit_manager"}, {"max"}),
        ({"kind": "manager_levels", "levels": 1}, {"max"}),
        ({"kind": "manager_levels", "levels": 2}, {"nora"}),
        ({"kind": "manager_levels", "levels": 9}, {"nora"}),
    ],
)
def test_who_is_asked(company: Company, approver: dict[str, Any], asked: set[str]) -> None:
    company.flow({"approvers": [approver]})
    company.ask()

    assert company.asked_last() == asked


def test_who_has_no_role_and_so_could_not_decide_is_not_asked(company: Company) -> None:
    company.flow({"users": ["max"]}, subject_type="order")
    company.tell("max", fact="changed", roles=[])
    company.ask()
    assert company.asked_last() == {"nora"}

    company.ask(service="sales", subject_type="order")
    assert company.asked_last() == {"adam"}, "nobody is left of those the step names"


def test_whose_roles_do_not_let_them_decide_is_not_asked(company: Company) -> None:
    company.flow({"approvers": [{"kind": "role", "value": "reader"}]}, subject_type="order")
    company.tell("max", fact="changed", roles=["reader"])
    company.role("reader", "read")
    company.ask()
    assert company.asked_last() == {"nora"}
    company.ask(service="sales", subject_type="order")
    assert company.asked_last() == {"adam"}

    company.tell("max", fact="changed", roles=["reader", "sales_manager"])
    company.ask()
    assert company.asked_last() == {"max"}, "one role that lets them is enough"


def test_who_is_asked_follows_what_a_role_is_given(company: Company) -> None:
    company.tell("max", fact="changed", roles=["reader"])
    company.role("reader", "read")
    company.role("reader", "read", "approve")
    company.ask()

    assert company.asked_last() == {"max"}


def test_who_works_in_several_companies_is_asked_in_each(company: Company) -> None:
    company.flow({"approvers": [{"kind": "role", "value": "auditor"}]})
    company.hire("ella", "E1")
    company.tell("ella", fact="changed", roles=["auditor"], also_in=("N1",))
    company.ask()

    assert company.asked_last() == {"ella"}


def test_what_waits_for_nobody_is_assigned_when_somebody_comes(company: Company, bench: Bench) -> None:
    for name in ("max", "nora", "adam", "gwen"):
        company.tell(name, fact="deactivated", active=False)
    asked = company.ask()
    assert (read(company, asked)["status"], read(company, asked)["waiting_ids"]) == ("running", [])
    assert company.events("assigned") == []

    with clock.frozen(clock.now() + timedelta(minutes=6)):
        schedules.run_due(bench.runtime)
    assert company.events("changed") == [], "nobody was found again: no news"
    company.tell("nora", fact="changed")
    with clock.frozen(clock.now() + timedelta(minutes=12)):
        schedules.run_due(bench.runtime)
    assert company.asked_last() == {"nora"}


def relieve(company: Company, *, minutes: int = 0) -> None:
    """What is due in so many minutes is done."""
    with clock.frozen(clock.now() + timedelta(minutes=minutes)):
        schedules.run_due(company.bench.runtime)


def drawn(company: Company, asked: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Who stands where in the first step, in both languages."""
    picture = company.people["anna"].get(f"/approvals/{asked['id']}/diagram").json
    people = picture["nodes"][1]["people"]
    return [(each["name"], each["state_name"]["zh"], each["state_name"]["en"]) for each in people]


@pytest.mark.parametrize("how", ["no role left", "a role without the right", "the role may less"])
def test_who_loses_the_right_to_decide_is_out_and_the_next_manager_is_asked(company: Company, how: str) -> None:
    asked = company.ask()
    if how == "a role without the right":
        company.role("reader", "read")
    if how == "the role may less":
        company.role("sales_manager", "read")
    else:
        company.tell("max", fact="changed", roles=["reader"] if "without" in how else [])
    relieve(company)

    assert company.asked_last() == {"nora"}
    assert company.events("assigned")[-1]["waiting_ids"] == [company.id("nora")]
    assert do(company, "max", asked, "approve").status_code == 409
    assert drawn(company, asked) == [("Max", "已无权审批", "Lost the right"), ("Nora", "审批中", "Waiting")]
    approve(company, "nora", asked)
    assert read(company, asked)["status"] == "approved"


def test_who_keeps_a_role_that_lets_them_decide_stays_asked(company: Company) -> None:
    company.role("reader", "read")
    before = read(company, company.ask())
    company.tell("max", fact="changed", roles=["reader", "sales_manager"])
    relieve(company)

    assert read(company, before) == before
    assert before["waiting_ids"] == [company.id("max")]


def test_what_was_given_to_others_is_left_alone_from_then_on(company: Company) -> None:
    asked = company.ask()
    company.tell("max", fact="changed", roles=[])
    relieve(company)
    given = read(company, asked)
    company.tell("max", fact="changed", roles=[])
    relieve(company, minutes=2)

    assert read(company, asked) == given
    assert len(company.events("assigned")) == 2
    assert company.events("changed") == []


def test_who_has_agreed_does_not_decide_alone_when_the_other_loses_the_right(company: Company) -> None:
    company.flow({"users": ["max", "fred"]})
    asked = company.ask()
    approve(company, "fred", asked)
    company.tell("max", fact="changed", roles=[])
    relieve(company)

    assert company.asked_last() == {"adam"}, "nobody is left of those the step names"
    assert company.events("decided") == []
    approve(company, "adam", asked)
    assert read(company, asked)["status"] == "approved"


def test_where_others_are_asked_beside_whoever_loses_the_right_it_waits_for_these(company: Company) -> None:
    company.flow({"users": ["max", "fred"]})
    asked = company.ask()
    company.tell("max", fact="changed", roles=[])
    relieve(company)

    assert [event["waiting_ids"] for event in company.events("changed")] == [[company.id("fred")]]
    assert len(company.events("assigned")) == 1
    approve(company, "fred", asked)
    assert read(company, asked)["status"] == "approved"


def test_when_nobody_else_can_decide_it_waits_for_nobody_until_somebody_can(company: Company) -> None:
    asked = company.ask()
    for name in ("max", "nora", "adam", "gwen"):
        company.tell(name, fact="changed", roles=[])
    relieve(company)
    assert (read(company, asked)["status"], read(company, asked)["waiting_ids"]) == ("running", [])

    company.tell("max", fact="changed", roles=["sales_manager"])
    relieve(company, minutes=6)
    assert company.asked_last() == {"max"}


def test_a_delegate_who_loses_the_right_is_out_and_the_person_still_decides(company: Company) -> None:
    asked = company.ask()
    assert do(company, "max", asked, "delegate", user_id=company.id("fred")).status_code == 200
    company.tell("fred", fact="changed", roles=[])
    relieve(company)

    assert read(company, asked)["waiting_ids"] == [company.id("max")]
    approve(company, "max", asked)


def test_more_than_one_run_takes_are_given_away_run_by_run(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm_workflow.approvals.queries.BATCH", 2)
    waiting = [company.ask() for _ in range(3)]
    company.tell("max", fact="changed", roles=[])

    for minutes, given in ((0, 2), (2, 3)):
        relieve(company, minutes=minutes)
        heirs = [read(company, each)["waiting_ids"] == [company.id("nora")] for each in waiting]
        assert heirs.count(True) == given
