"""Importing customers: what it costs, what it refuses, what it updates."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from crm_chassis import errors
from crm_chassis.collection.cells import with_currency
from crm_chassis.collection.imports import body_of
from crm_chassis.org import OrgUnit, OrgUser
from crm_chassis.testing import Bench, Client, statements_of
from crm_customer.customers.collection import customers


def _file(rows: list[list[str]]) -> io.BytesIO:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return io.BytesIO(target.getvalue().encode())


def _import(bench: Bench, client: Client, rows: list[list[str]], **form: str) -> dict[str, Any]:
    started = client.call("POST", "/customers/imports", data={"file": (_file(rows), "customers.csv"), **form})
    assert started.status_code == 202, started.json
    bench.run_jobs()
    return client.get(started.headers["Location"]).json


def test_a_line_of_an_import_costs_a_dozen_statements(bench: Bench, n1: Client) -> None:
    """2,400 lines take some 15 s at that; seconds depend on the machine, statements do not."""
    header = ["name", "phone", "email", "region_code", "level", "address"]
    lines = 200
    rows = [
        [f"客户{n:05d}有限公司", f"+8613{n:09d}", f"c{n}@c{n}.example", "310115", "A", "世纪大道"] for n in range(lines)
    ]
    with statements_of(bench.runtime) as said:
        job = _import(bench, n1, [header, *rows])

    assert (job["state"], job["counts"]["created"]) == ("done", lines), job["errors"][:3]
    assert n1.get("/customers?count=true").json["total"] == lines
    assert len(said) <= 12 * lines, f"{len(said) / lines:.1f} statements a line"


def test_lines_that_are_there_already_are_refused_one_by_one(
    bench: Bench, n1: Client, made: Callable[..., dict[str, Any]]
) -> None:
    made("榕树有限公司", code="OLD-1")
    rows = [
        ["name", "parent_id", "allow_duplicate"],
        ["榕树股份有限公司", "", ""],
        ["榕树公司", "", "yes"],
        ["新客户", "OLD-1", ""],
        ["孤儿", "OLD-9", ""],
    ]

    job = _import(bench, n1, rows)

    assert job["counts"] == {"created": 2, "updated": 0, "rejected": 2}
    assert [error["line"] for error in job["errors"]] == [2, 5]


def test_a_second_import_updates_by_code(bench: Bench, n1: Client, made: Callable[..., dict[str, Any]]) -> None:
    customer = made("榕树有限公司", code="OLD-1")

    job = _import(
        bench,
        n1,
        [["code", "name", "level"], ["OLD-1", "榕树有限公司", "B"], ["OLD-2", "新", ""]],
        mode="upsert",
        key="code",
    )

    assert job["counts"] == {"created": 1, "updated": 1, "rejected": 0}, job["errors"]
    assert n1.get(f"/customers/{customer['id']}").json["level"] == "B"


def test_a_line_that_names_an_owner_who_left_is_refused(
    bench: Bench, n1: Client, made: Callable[..., dict[str, Any]]
) -> None:
    made("旧客户", code="OLD-1")
    left = bench.caller(n1.principal.unit_id, [], username="left").user_id
    bench.caller(n1.principal.unit_id, [], username="stays")
    with bench.system() as session:
        session.get_one(OrgUser, left).active = False
    rows = [
        ["code", "name", "owner_id"],
        ["OLD-1", "旧客户", "left"],
        ["OLD-2", "新", "left"],
        ["OLD-3", "丁", "stays"],
    ]

    job = _import(bench, n1, rows, mode="upsert", key="code")

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 2}
    assert [(error["line"], error["errors"][0]["pointer"]) for error in job["errors"]] == [
        (2, "/owner_id"),
        (3, "/owner_id"),
    ]


def _import_bytes(bench: Bench, client: Client, content: bytes, name: str) -> dict[str, Any]:
    started = client.call("POST", "/customers/imports", data={"file": (io.BytesIO(content), name)})
    assert started.status_code == 202, started.json
    bench.run_jobs()
    return client.get(started.headers["Location"]).json


def test_a_file_with_the_line_ends_of_any_system_is_read(bench: Bench, n1: Client) -> None:
    job = _import_bytes(bench, n1, "name,level\r老系统公司,A\r另一家公司,B\r".encode(), "old.csv")

    assert (job["state"], job["counts"]["created"]) == ("done", 2)


def test_a_file_that_cannot_be_read_fails_with_a_sentence(bench: Bench, n1: Client) -> None:
    long_field = _import_bytes(bench, n1, b'name\n"' + b"x" * 200_000, "long.csv")
    no_workbook = _import_bytes(bench, n1, b"PK\x03\x04 not a zip at all", "broken.xlsx")

    assert (long_field["state"], no_workbook["state"]) == ("failed", "failed")
    assert "cannot be read" in long_field["errors"][0]["message"]
    assert no_workbook["errors"] == [{"message": "This is not an XLSX workbook."}]


def test_an_amount_without_a_currency_is_in_that_of_its_unit_or_of_its_record(
    bench: Bench, n1: Client, made: Callable[..., dict[str, Any]]
) -> None:
    with bench.system() as session:
        session.get_one(OrgUnit, n1.principal.unit_id).currency = "KZT"
    made("有美元的客户", code="OLD-1", credit_limit={"amount": "5.00", "currency": "USD"})
    made("没有金额的客户", code="OLD-2")
    rows = [
        ["code", "name", "annual_revenue"],
        ["OLD-1", "有美元的客户", "1,000.50"],
        ["OLD-2", "没有金额的客户", "1000"],
        ["NEW-1", "新客户甲", "1000"],
        ["NEW-2", "新客户乙", "1000 EUR"],
    ]

    job = _import(bench, n1, rows, mode="upsert", key="code")

    assert job["counts"] == {"created": 2, "updated": 2, "rejected": 0}, job["errors"]
    found = {each["code"]: each["annual_revenue"]["currency"] for each in n1.get("/customers").json["items"]}
    assert found == {"OLD-1": "USD", "OLD-2": "KZT", "NEW-1": "KZT", "NEW-2": "EUR"}


def test_an_amount_whose_currency_nobody_knows_is_refused() -> None:
    body = body_of(customers, {0: "name", 1: "annual_revenue"}, ["甲", "1000"], {})

    with pytest.raises(errors.Invalid) as refused:
        with_currency(customers.loader, body, lambda: None)

    assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [
        ("/annual_revenue", "currency_missing")
    ]
