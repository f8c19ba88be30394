"""The copies of customers and contacts, and what requests make of them."""

from __future__ import annotations

from uuid import UUID

from crm_chassis.ids import uuid7
from crm_service_desk.customers.models import Customer

from .conftest import AGENT, Desk


def contact(desk: Desk, customer_id: str) -> str:
    state = {"id": str(uuid7()), "unit_id": str(desk.n1), "owner_id": None, "customer_id": customer_id, "name": "王"}
    desk.bench.deliver("crm.customer.contact.created.v1", state)
    return state["id"]


def test_a_request_names_only_a_customer_the_caller_sees_and_its_own_contact(desk: Desk) -> None:
    mine, other, foreign = desk.customer(), desk.customer(), desk.customer(desk.e1)
    base = {"summary": "x", "kind": "other"}

    for customer_id in (foreign, str(uuid7())):
        answer = desk.agent.post("/requests", {**base, "customer_id": customer_id})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/customer_id"
    person = contact(desk, mine)
    assert desk.agent.post("/requests", {**base, "customer_id": other, "contact_id": person}).status_code == 422
    made = desk.request(customer_id=mine, contact_id=person)
    changed = desk.agent.patch(f"/requests/{made['id']}", {"customer_id": foreign}, version=made["version"])
    assert changed.status_code == 422


def test_head_offices_request_lies_in_the_customers_company(desk: Desk) -> None:
    office = desk.bench.client(desk.bench.caller(desk.root, AGENT, username="office"))

    made = desk.request(office, customer_id=desk.customer(desk.e1))

    assert made["unit_id"] == str(desk.e1)
    assert made["number"].startswith("SR-E1-")
    assert desk.stranger.get(f"/requests/{made['id']}").status_code == 200
    assert desk.agent.get(f"/requests/{made['id']}").status_code == 404


def test_copies_keep_the_newest_version_whatever_the_order(desk: Desk) -> None:
    customer_id = desk.customer(version=3, name="新名")
    desk.customer(id=customer_id, version=2, name="旧名")

    with desk.bench.system() as session:
        assert session.get_one(Customer, UUID(customer_id)).name == "新名"


def test_a_deleted_customer_gets_no_new_requests_and_stays_deleted(desk: Desk) -> None:
    customer_id = desk.customer()
    state = {
        "id": customer_id,
        "unit_id": str(desk.n1),
        "owner_id": None,
        "code": "N1-000001",
        "name": "榕树百货",
        "level": None,
    }
    desk.bench.deliver("crm.customer.customer.deleted.v1", state, version=3)
    desk.customer(id=customer_id, version=2)

    answer = desk.agent.post("/requests", {"summary": "x", "kind": "other", "customer_id": customer_id})
    assert answer.status_code == 422


def test_merging_and_unmerging_give_every_customer_its_own_requests_back(desk: Desk) -> None:
    first, second, third = desk.customer(), desk.customer(), desk.customer()
    of = {customer: desk.request(customer_id=customer)["id"] for customer in (first, second, third)}

    def follow(fact: str, customer: str, into: str, version: int) -> None:
        state = {"id": customer, "unit_id": str(desk.n1), "owner_id": None, "into_id": into}
        desk.bench.deliver(f"crm.customer.customer.{fact}.v1", state, version=version)

    def customers() -> list[str]:
        return [desk.agent.get(f"/requests/{of[each]}").json["customer_id"] for each in (first, second, third)]

    follow("merged", first, second, 2)
    follow("merged", second, third, 2)
    follow("merged", second, third, 2)
    assert customers() == [third, third, third]

    follow("unmerged", second, third, 3)
    follow("merged", second, third, 2)
    assert customers() == [second, second, third]
    follow("unmerged", first, second, 3)
    assert customers() == [first, second, third]
