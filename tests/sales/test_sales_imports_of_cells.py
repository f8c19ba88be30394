"""Leads are found again by their number however it is written; custom columns of orders are read by their kind."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from crm_chassis.testing import Bench, Client

from .conftest import SALES, World


def run_import(bench: Bench, client: Client, path: str, *lines: str, **form: str) -> dict[str, Any]:
    file = (BytesIO("\n".join(lines).encode()), "list.csv")
    started = client.call("POST", f"{path}/imports", data={"file": file, **form})
    assert started.status_code == 202, started.json
    bench.run_jobs()
    return dict(client.get(started.headers["Location"]).json)


@pytest.mark.parametrize("mode", ["update", "upsert"])
def test_a_lead_is_found_by_any_spelling_of_its_number(bench: Bench, n1: Client, mode: str) -> None:
    first = n1.post("/leads", {"name": "王五", "phone": "13800138000"}).json
    assert first["phone"] == "+8613800138000"

    job = run_import(bench, n1, "/leads", "name,phone,note", "王五,138-0013-8000,再联系", mode=mode, key="phone")

    assert job["counts"] == {"created": 0, "updated": 1, "rejected": 0}, job["errors"]
    assert [(lead["id"], lead["note"]) for lead in n1.get("/leads").json["items"]] == [(first["id"], "再联系")]


def test_an_address_to_which_no_mail_goes_sets_its_line_aside(bench: Bench, n1: Client) -> None:
    job = run_import(bench, n1, "/leads", "name,email", "王五,李@example.com", "李四,li@例子.中国")

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 1}
    (error,) = job["errors"][0]["errors"]
    assert (job["errors"][0]["line"], error["pointer"]) == (2, "/email")
    assert error["message"].startswith("Write what stands before the @ in Latin letters")
    assert n1.post("/leads", {"name": "王五", "email": "李@example.com"}).status_code == 422


def test_custom_columns_of_orders_are_read_by_the_fields_of_the_customers_unit(
    bench: Bench, world: World, n1: Client, units: dict[str, UUID]
) -> None:
    world.product(n1)
    world.customer(units["N1D"])
    admin = bench.client(bench.caller(units["N1"], [*SALES, "order:configure"], username="admin"))
    for key, kind in (("weight", "number"), ("express", "boolean"), ("packer", "user")):
        body = {"key": key, "label_zh": "栏目", "label_en": "Column", "kind": kind}
        assert admin.post("/orders/fields", body).status_code == 201
    packer = str(bench.caller(units["N1D"], [], username="li").user_id)

    job = run_import(
        bench,
        n1,
        "/orders",
        "customer_code,product_code,quantity,price,custom.weight,custom.express,custom.packer",
        'N1-000001,P-1,2,"1,090.00","1,234.5",是,li',
        "N1-000001,P-1,2,,heavy,否,li",
        "N1-000001,P-1,2,,1,否,nobody",
    )

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 2}, job["errors"]
    assert [error["errors"][0]["pointer"] for error in job["errors"]] == ["/custom/weight", "/custom/packer"]
    (order,) = n1.get("/orders").json["items"]
    assert order["custom"] == {"weight": 1234.5, "express": True, "packer": packer}
    assert order["lines"][0]["price"] == "1090.00"
