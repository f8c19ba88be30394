"""Payments of claims: once, by somebody else, on the day that was typed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from crm_chassis import clock
from crm_chassis.testing import Client

from .conftest import Group, approved, draft, item, refusals


def test_an_approved_claim_is_paid_once_by_somebody_else(group: Group, anna: Client, finance: Client) -> None:
    path = approved(group, anna)
    assert finance.get(path).json["payment_status"] == "scheduled"
    assert "pay" in finance.get(path).json["can"]
    assert finance.call("POST", f"{path}/pay").status_code == 400

    paid = finance.post(f"{path}/pay", {"reference": "B-1"}, key="k")
    assert (paid.status_code, paid.json["payment_status"], paid.json["payment_reference"]) == (200, "paid", "B-1")
    assert finance.post(f"{path}/pay", {"reference": "B-1"}, key="k").headers["Idempotent-Replayed"] == "true"
    assert finance.post(f"{path}/pay").status_code == 409
    facts = [e["type"].split(".")[3] for e in group.bench.events() if ".claim." in e["type"]]
    assert facts == ["created", "submitted", "approved", "paid"]


def test_nobody_pays_their_own_claim_or_one_that_is_not_approved(group: Group, anna: Client, finance: Client) -> None:
    assert finance.post(f"{approved(group, finance)}/pay").status_code == 403
    path = f"/claims/{draft(anna, item(group))['id']}"

    assert finance.post(f"{path}/pay").status_code == 409
    assert finance.post(f"{approved(group, anna)}/pay", {"paid_on": "2999-01-01"}).status_code == 422


def test_a_payment_of_today_is_written_down_where_the_day_begins_earlier(
    group: Group, anna: Client, finance: Client
) -> None:
    path = approved(group, anna)

    with clock.frozen(datetime(2026, 3, 9, 15, 30, tzinfo=UTC)):  # half an hour before midnight in China
        tomorrow = finance.post(f"{path}/pay", {"paid_on": "2026-03-11"})
        today_in_japan = finance.post(f"{path}/pay", {"paid_on": "2026-03-10"})

    assert refusals(tomorrow) == [("/paid_on", "in_future")]
    assert (today_in_japan.json["paid_on"], today_in_japan.json["paid_at"]) == ("2026-03-10", "2026-03-09T15:30:00Z")


def test_the_day_of_a_payment_is_the_one_that_was_typed_wherever_it_is_read(
    group: Group, anna: Client, finance: Client
) -> None:
    path = approved(group, anna)
    with clock.frozen(datetime(2026, 3, 9, 15, 30, tzinfo=UTC)):
        paid = finance.post(f"{path}/pay", {"paid_on": "2026-03-06"}).json

    assert (paid["paid_on"], paid["paid_at"]) == ("2026-03-06", "2026-03-09T15:30:00Z")
    assert group.bench.events("crm.expenses.claim.paid.v1")[-1]["data"]["paid_on"] == "2026-03-06"
    assert [row["id"] for row in finance.get("/claims?paid_on=2026-03-06").json["items"]] == [paid["id"]]


def test_a_payment_without_a_day_is_of_today_where_the_claim_lies(group: Group) -> None:
    auckland = group.bench.unit("NZ", group.root, timezone="Pacific/Auckland")
    path = approved(group, group.person(auckland, "kiri"))
    payer = group.person(auckland, "payer", "claim:pay")

    with clock.frozen(datetime(2026, 3, 9, 11, 30, tzinfo=UTC)):  # half past midnight there, the day before elsewhere
        assert payer.post(f"{path}/pay").json["paid_on"] == "2026-03-10"


def test_two_payers_at_once_pay_once(group: Group, anna: Client, finance: Client) -> None:
    path = approved(group, anna)
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: finance.post(f"{path}/pay").status_code, range(8)))

    assert sorted(statuses) == [200, *[409] * 7]
    assert len(group.bench.events("crm.expenses.claim.paid.v1")) == 1
