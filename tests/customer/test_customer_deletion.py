"""What becomes of everything under a customer that is deleted, and that comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_chassis import clock, schedules
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import Made

NOW = datetime(2026, 8, 31, 4, tzinfo=UTC)


@pytest.fixture
def customer(bench: Bench, n1: Client, made: Made) -> dict[str, Any]:
    """A customer of N1 with a contact, something planned, something done, and an open churn case."""
    customer = made("甲甲", relation="customer")
    order = {"id": str(uuid7()), "unit_id": customer["unit_id"], "owner_id": None, "customer_id": customer["id"]}
    order |= {"number": "SO-1", "ordered_on": "2026-01-15", "status": "confirmed", "lines": []}
    total = {"amount": "1.00", "currency": "CNY"}
    bench.deliver("crm.sales.order.confirmed.v1", {**order, "total": total}, version=2)
    with clock.frozen(NOW):
        schedules.run_due(bench.runtime)
    n1.post("/contacts", {"customer_id": customer["id"], "name": "王一", "birthday": "1990-09-01"})
    plan = {"customer_id": customer["id"], "due_at": "2026-09-01T00:00:00Z"}
    n1.post("/activities", {**plan, "subject": "to do"})
    done = n1.post("/activities", {**plan, "subject": "done"}).json
    n1.post(f"/activities/{done['id']}/complete", {"outcome": "ok"})
    return dict(n1.get(f"/customers/{customer['id']}").json)


def under(client: Client) -> list[list[str]]:
    """What there is of contacts, planned activities and churn cases."""
    lists = (("contacts", "name"), ("activities?status=planned", "subject"), ("churn-cases", "status"))
    return [[item[name] for item in client.get(f"/{path}").json["items"]] for path, name in lists]


def delete(client: Client, customer: dict[str, Any]) -> None:
    version = client.get(f"/customers/{customer['id']}").json["version"]
    assert client.delete(f"/customers/{customer['id']}", version=version).status_code == 204


def test_a_deleted_customer_takes_along_what_would_go_on_calling_and_brings_it_back(
    bench: Bench, n1: Client, customer: dict[str, Any]
) -> None:
    before = under(n1)
    assert before == [["王一"], ["to do"], ["warned"]]

    delete(n1, customer)

    assert under(n1) == [[], [], []]
    for subject in ("contact", "activity", "churn-case"):
        (gone,) = bench.events(f"crm.customer.{subject}.deleted.v1")
        assert gone["data"]["customer_id"] == customer["id"]
    assert [item["subject"] for item in n1.get("/activities").json["items"]] == ["done"], "what happened stays"

    assert n1.post(f"/customers/{customer['id']}/restore").status_code == 200

    assert under(n1) == before
    for subject in ("contact", "activity", "churn-case"):
        (back,) = bench.events(f"crm.customer.{subject}.changed.v1")
        (gone,) = bench.events(f"crm.customer.{subject}.deleted.v1")
        assert (back["data"]["id"], back["data"]["version"]) == (gone["data"]["id"], gone["data"]["version"] + 1)


def test_what_was_deleted_before_its_customer_stays_so(bench: Bench, n1: Client, customer: dict[str, Any]) -> None:
    contact = n1.get("/contacts").json["items"][0]
    n1.delete(f"/contacts/{contact['id']}", version=contact["version"])

    delete(n1, customer)
    n1.post(f"/customers/{customer['id']}/restore")

    assert under(n1) == [[], ["to do"], ["warned"]]


def test_a_contact_does_not_come_back_without_its_customer(n1: Client, customer: dict[str, Any]) -> None:
    contact = n1.get("/contacts").json["items"][0]
    delete(n1, customer)

    refused = n1.post(f"/contacts/{contact['id']}/restore")

    assert (refused.status_code, refused.json["detail"]) == (
        409,
        "Its customer is deleted; restore that one first.",
    )


def test_everything_goes_along_whoever_deletes_the_customer(bench: Bench, n1: Client, customer: dict[str, Any]) -> None:
    rights = ["customer:read", "customer:update", "customer:delete"]
    clerk = bench.client(bench.caller(n1.principal.unit_id, rights, username="clerk"))  # type: ignore[union-attr]

    delete(clerk, customer)

    assert under(n1) == [[], [], []]


def test_a_reprieve_of_a_deleted_customer_does_not_end_in_a_warning(
    bench: Bench, n1: Client, customer: dict[str, Any]
) -> None:
    """Cases that were open before customers took theirs along are still there."""
    case = n1.get("/churn-cases").json["items"][0]
    with clock.frozen(NOW):
        n1.post(f"/churn-cases/{case['id']}/reprieve", {"measures": "x", "until": "2026-09-10"})
    delete(n1, customer)
    with bench.system() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE churn_cases SET deleted_at = NULL"))

    with clock.frozen(NOW + timedelta(days=30)):
        schedules.run_due(bench.runtime)

    assert len(bench.events("crm.customer.churn-case.warned.v1")) == 1
