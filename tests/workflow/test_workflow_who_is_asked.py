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
