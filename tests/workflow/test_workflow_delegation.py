"""Somebody else decides: delegates, transfers, approvers who are added, whoever takes over from one who leaves."""

from __future__ import annotations

import pytest

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench

from .conftest import Company, approve, do, read


def test_a_delegate_decides_in_somebodys_place_and_passes_nothing_on(company: Company) -> None:
    asked = company.ask()
    assert do(company, "max", asked, "delegate", user_id=company.id("fred")).status_code == 200
    assert company.asked_last() == {"fred"}
    assert do(company, "fred", asked, "transfer", user_id=company.id("nora")).status_code == 403

    approve(company, "fred", asked)
    assert company.events("decided")[0]["decided_by"] == company.id("fred")


def test_a_transfer_takes_the_decision_away_but_not_the_view(company: Company) -> None:
    asked = company.ask()
    assert do(company, "max", asked, "transfer", user_id=company.id("fred")).status_code == 200

    assert do(company, "max", asked, "approve").status_code == 409
    assert read(company, asked, "max")["mine"] == "taken"
    approve(company, "fred", asked)


@pytest.mark.parametrize(("who", "code"), [("anna", "requester"), ("max", "asked_already"), (None, "unknown")])
@pytest.mark.parametrize("verb", ["delegate", "transfer", "add-approver"])
def test_nobody_unfit_is_asked(company: Company, verb: str, who: str | None, code: str) -> None:
    asked = company.ask()
    body = {"user_id": company.id(who) if who else str(uuid7())} | (
        {"where": "after"} if verb == "add-approver" else {}
    )

    answer = do(company, "max", asked, verb, **body)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, code)


def test_nobody_is_chosen_who_has_no_role_and_so_could_not_decide(company: Company) -> None:
    company.tell("fred", fact="changed", roles=[])

    answer = do(company, "max", company.ask(), "transfer", user_id=company.id("fred"))
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "unknown")


@pytest.mark.parametrize(
    ("where", "order"), [("before", [{"fred"}, {"max"}]), ("after", [{"fred"}]), ("parallel", [{"fred"}])]
)
def test_an_added_approver_is_asked_in_their_place(company: Company, where: str, order: list[set[str]]) -> None:
    asked = company.ask()
    assert do(company, "max", asked, "add-approver", user_id=company.id("fred"), where=where).status_code == 200
    if where == "before":
        assert do(company, "max", asked, "approve").status_code == 409
        approve(company, "fred", asked)
        approve(company, "max", asked)
    else:
        approve(company, "max", asked)
        assert read(company, asked)["status"] == "running"
        approve(company, "fred", asked)

    assert read(company, asked)["status"] == "approved"
    told = [
        {name for name in company.people if company.id(name) in e["assignee_ids"]} for e in company.events("assigned")
    ]
    assert told == [{"max"}, *order]


def test_what_waits_for_somebody_who_hands_over_waits_for_the_receiver(company: Company, bench: Bench) -> None:
    waiting, done = company.ask(), company.ask()
    approve(company, "max", done)
    bench.deliver(
        "crm.gateway.user.handed-over.v1", {"id": company.id("max"), "to_user_id": company.id("fred")}, version=9
    )

    assert company.asked_last() == {"fred"}
    assert read(company, waiting)["waiting_ids"] == [company.id("fred")]
    assert read(company, done)["steps"][0]["assignees"][0]["user_id"] == company.id("max")
    approve(company, "fred", waiting)


def test_a_handover_to_the_requester_asks_a_manager_instead(company: Company, bench: Bench) -> None:
    company.ask()
    bench.deliver(
        "crm.gateway.user.handed-over.v1", {"id": company.id("max"), "to_user_id": company.id("anna")}, version=9
    )

    assert company.asked_last() == {"nora"}


def test_when_somebody_leaves_their_manager_is_asked(company: Company) -> None:
    company.ask()
    company.tell("max", fact="deactivated", active=False)

    assert company.asked_last() == {"nora"}
