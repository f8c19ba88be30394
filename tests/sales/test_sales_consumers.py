"""What sales hears from other services: customers, merges, handovers. And products, which it tells them about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client

from .conftest import World


def document(unit_id: UUID, customer_id: str, **more: Any) -> dict[str, Any]:
    known = {"id": customer_id, "unit_id": unit_id, "owner_id": None, "code": "N1-000001", "name": "New name"}
    return {**known, "kind": "company", "relation": "customer", "status": "active", "level": "A", "phone": None, **more}


def copy_of(bench: Bench, customer_id: str) -> Any:
    from crm_sales.customers.models import Customer

    with bench.system() as session:
        return session.scalar(
            select(Customer).where(Customer.id == UUID(customer_id)).execution_options(with_deleted=True)
        )


def test_the_copy_keeps_the_newest_state_in_whatever_order_it_comes(
    bench: Bench, world: World, units: dict[str, UUID]
) -> None:
    customer = world.customer(units["N1"])

    bench.deliver("crm.customer.customer.changed.v1", document(units["N1"], customer, name="Third"), version=3)
    bench.deliver("crm.customer.customer.assigned.v1", document(units["N1"], customer, name="Second"), version=2)

    assert (copy_of(bench, customer).name, copy_of(bench, customer).version) == ("Third", 3)


def test_a_deleted_customer_can_be_sold_to_no_more(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    customer = world.customer(units["N1"])
    bench.deliver("crm.customer.customer.deleted.v1", document(units["N1"], customer), version=2)

    assert n1.post("/opportunities", {"name": "x", "customer_id": customer}).status_code == 422
    bench.deliver("crm.customer.customer.changed.v1", document(units["N1"], customer), version=3)
    assert n1.post("/opportunities", {"name": "x", "customer_id": customer}).status_code == 201


def merge(bench: Bench, unit_id: UUID, customer: str, into: str, fact: str, version: int) -> None:
    bench.deliver(f"crm.customer.customer.{fact}.v1", document(unit_id, customer, into_id=into), version=version)


def test_records_follow_a_merge_and_an_unmerge_gives_each_back(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    a, b, c = (world.customer(units["N1"], f"N1-00000{i}") for i in (1, 2, 3))
    orders = {name: world.confirmed(n1, customer)["id"] for name, customer in (("a", a), ("b", b), ("c", c))}

    def owners() -> str:
        names = {a: "a", b: "b", c: "c"}
        return "".join(names[n1.get(f"/orders/{orders[name]}").json["customer_id"]] for name in "abc")

    merge(bench, units["N1"], a, b, "merged", 2)
    assert owners() == "bbc"
    merge(bench, units["N1"], b, c, "merged", 2)
    assert owners() == "ccc"
    assert {item["customer_id"] for item in n1.get("/receivables").json["items"]} == {c}
    merge(bench, units["N1"], b, c, "unmerged", 3)
    assert owners() == "bbc"
    merge(bench, units["N1"], a, b, "unmerged", 3)
    assert owners() == "abc"
    assert copy_of(bench, a).deleted_at is None


def test_an_unmerge_of_the_first_of_two_merges_gives_back_its_own_only(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    a, b, c = (world.customer(units["N1"], f"N1-00000{i}") for i in (1, 2, 3))
    orders = [world.order(n1, customer)["id"] for customer in (a, b)]
    merge(bench, units["N1"], a, b, "merged", 2)
    merge(bench, units["N1"], b, c, "merged", 2)

    merge(bench, units["N1"], a, b, "unmerged", 3)

    assert [n1.get(f"/orders/{order}").json["customer_id"] for order in orders] == [a, c]


def test_a_merged_customer_can_be_sold_to_no_more(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    a, b = (world.customer(units["N1"], f"N1-00000{i}") for i in (1, 2))
    merge(bench, units["N1"], a, b, "merged", 2)

    assert n1.post("/opportunities", {"name": "x", "customer_id": a}).status_code == 422


def test_open_work_changes_hands_and_closed_work_stays(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    customer = world.customer(units["N1"], owner_id=n1.principal.user_id)
    lead, discarded = world.lead(n1), world.lead(n1)
    n1.post(f"/leads/{discarded['id']}/discard", {"reason": "x"})
    order = world.confirmed(n1, customer)
    team = world.opportunity(n1, customer, team_ids=[str(n1.principal.user_id)])
    lost = world.opportunity(n1, customer)
    n1.post(f"/opportunities/{lost['id']}/lose", {"reason": "x"})
    heir, leaver = str(uuid7()), str(n1.principal.user_id)

    for _ in range(2):
        bench.deliver("crm.gateway.user.handed-over.v1", {"id": leaver, "to_user_id": heir}, version=2)

    assert n1.get(f"/leads/{lead['id']}").json["owner_id"] == heir
    assert n1.get(f"/leads/{discarded['id']}").json["owner_id"] == leaver
    assert n1.get(f"/orders/{order['id']}").json["owner_id"] == heir
    assert n1.get("/receivables").json["items"][0]["owner_id"] == heir
    moved = n1.get(f"/opportunities/{team['id']}").json
    assert (moved["owner_id"], moved["team_ids"]) == (heir, [heir])
    assert n1.get(f"/opportunities/{lost['id']}").json["owner_id"] == leaver
    assert str(copy_of(bench, customer).owner_id) == heir
    assert n1.get(f"/leads/{lead['id']}").json["version"] == lead["version"] + 1


def test_every_event_the_service_subscribes_to_is_handled_or_left_on_purpose() -> None:
    from crm_contracts.events import REGISTRY
    from crm_contracts.subscriptions import PATTERNS, matches
    from crm_sales.app import service

    on_purpose = {"crm.gateway.user.signed-in.v1"}
    heard = {name for name in REGISTRY if any(matches(pattern, name) for pattern in PATTERNS["sales"])}

    assert heard - set(service.handlers) == on_purpose
    assert set(service.handlers) <= heard


def test_a_product_is_announced_whenever_it_changes(
    bench: Bench, world: World, n1: Client, reader: Client, e1: Client
) -> None:
    product = world.product(n1)
    path = f"/products/{product['id']}"
    n1.patch(path, {"price": {"amount": "120", "currency": "CNY"}}, version=1)
    assert n1.delete(path, version=2).status_code == 204

    told = [event["data"] for event in bench.events("crm.sales.product.changed.v1")]
    assert [(item["version"], item["active"]) for item in told] == [(1, True), (2, True)]
    assert [item["price"]["amount"] for item in told] == ["100.00", "120.00"]
    (gone,) = bench.events("crm.sales.product.deleted.v1")
    assert (gone["data"]["version"], gone["data"]["active"]) == (3, False)
    assert reader.post("/products", {"code": "P-2", "name": "x"}).status_code == 403
    assert e1.get(path).status_code == 404


def test_a_product_off_sale_can_be_deleted(bench: Bench, world: World, n1: Client) -> None:
    path = f"/products/{world.product(n1)['id']}"
    n1.patch(path, {"active": False}, version=1)

    assert n1.delete(path, version=2).status_code == 204
    (gone,) = bench.events("crm.sales.product.deleted.v1")
    assert gone["data"]["version"] == 3
    assert n1.post(f"{path}/restore").json["version"] == 4
    told = [event["data"]["version"] for event in bench.events("crm.sales.product.changed.v1")]
    assert told == [1, 2, 4]


def test_a_product_code_is_unique_in_the_whole_group(world: World, n1: Client, e1: Client) -> None:
    product = world.product(n1)

    taken = e1.post("/products", {"code": "P-1", "name": "Same"})
    assert (taken.status_code, taken.json["errors"][0]["pointer"]) == (409, "/code")
    n1.delete(f"/products/{product['id']}", version=1)
    assert e1.post("/products", {"code": "P-1", "name": "Same"}).status_code == 201


def test_a_product_off_sale_cannot_be_ordered(world: World, n1: Client, units: dict[str, UUID]) -> None:
    product, customer = world.product(n1), world.customer(units["N1"])
    n1.patch(f"/products/{product['id']}", {"active": False}, version=1)
    lines = [{"product_id": product["id"], "quantity": "1"}]

    answer = n1.post("/orders", {"customer_id": customer, "lines": lines})
    assert answer.json["errors"][0]["pointer"] == "/lines/0/product_id"


@pytest.mark.parametrize(
    "path", ["leads", "pipelines", "opportunities", "products", "orders", "receivables", "payments"]
)
def test_every_collection_describes_itself_in_both_languages(n1: Client, nobody: Client, path: str) -> None:
    schema = n1.get(f"/{path}/schema").json

    assert all(field["label"]["zh"] and field["label"]["en"] for field in schema["fields"])
    assert nobody.get(f"/{path}").status_code == 401


def test_the_openapi_document_of_the_service_can_be_built(bench: Bench) -> None:
    paths = (
        bench.client()
        .get("/internal/openapi.json", headers={"Authorization": "Bearer internal-test-key"})
        .json["paths"]
    )

    assert {"/orders/{order_id}/confirm", "/leads/{lead_id}/convert", "/opportunities/funnel"} <= set(paths)
