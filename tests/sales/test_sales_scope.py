"""Nothing of one company reaches another, by whatever door."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import text

from crm_chassis.database import transaction
from crm_chassis.scope import Scope
from crm_chassis.testing import Bench, Client

from .conftest import World

KINDS = ("leads", "opportunities", "orders", "receivables", "payments", "products", "pipelines")
"""Paths of the collections, which are the names of their tables too."""


@pytest.fixture
def filled(world: World, n1: Client, units: dict[str, UUID]) -> None:
    """One record of each kind in N1."""
    customer = world.customer(units["N1"])
    stages = [{"key": "one", "name": "一", "probability": 30}]
    n1.post("/pipelines", {"name": "Projects", "stages": stages})
    world.product(n1)
    world.lead(n1)
    world.opportunity(n1, customer)
    world.confirmed(n1, customer)
    paid = n1.post("/payments", {"customer_id": customer, "amount": {"amount": "1", "currency": "CNY"}})
    assert paid.status_code == 201, paid.json


@pytest.mark.parametrize("path", KINDS)
def test_another_company_finds_no_door_to_a_record(
    bench: Bench, filled: None, n1: Client, e1: Client, path: str
) -> None:
    (record,) = n1.get(f"/{path}").json["items"]

    assert e1.get(f"/{path}?count=true").json == {"items": [], "next_cursor": None, "total": 0}
    assert e1.get(f"/{path}/{record['id']}").status_code == 404
    assert e1.get(f"/{path}/{record['id']}/history").status_code == 404
    assert e1.patch(f"/{path}/{record['id']}", {}, version=1).status_code in {404, 405}
    assert e1.delete(f"/{path}/{record['id']}", version=1).status_code in {404, 405}
    bulk = e1.post(f"/{path}/bulk", {"action": "delete", "ids": [record["id"]]})
    assert bulk.status_code in {404, 405, 422} or bulk.json["results"][0]["problem"]["status"] == 404


@pytest.mark.parametrize("table", KINDS)
def test_row_level_security_stands_behind_the_scope(
    bench: Bench, filled: None, n1: Client, e1: Client, table: str
) -> None:
    count = text(f"SELECT count(*) FROM {table}")  # a name of this test's own list
    with bench.runtime.activate():
        with transaction(Scope(e1.principal)) as session:
            assert session.scalar(count) == 0
        with transaction(Scope(n1.principal)) as session:
            assert session.scalar(count) == 1


@pytest.mark.parametrize("path", ["leads", "opportunities", "orders", "receivables", "payments"])
def test_an_export_of_another_company_is_empty(bench: Bench, filled: None, e1: Client, path: str) -> None:
    grants = [
        f"{path.removesuffix('ies') + 'y' if path.endswith('ies') else path.removesuffix('s')}:{a}"
        for a in ("read", "export")
    ]
    clerk = bench.client(bench.caller(e1.principal.unit_id, grants, username="clerk"))
    started = clerk.post(f"/{path}/exports", {"format": "csv"})
    bench.run_jobs()

    assert clerk.get(started.headers["Location"]).json["counts"] == {"rows": 0}


def test_an_import_reaches_no_product_of_another_company(
    bench: Bench, world: World, filled: None, e1: Client, units: dict[str, UUID]
) -> None:
    world.customer(units["E1"], "E1-000001")
    content = b"customer_code,product_code,quantity\nE1-000001,P-1,1\n"
    started = e1.call("POST", "/orders/imports", key="i", data={"file": (BytesIO(content), "o.csv")})
    bench.run_jobs()

    assert e1.get(started.headers["Location"]).json["counts"] == {"created": 0, "updated": 0, "rejected": 1}
