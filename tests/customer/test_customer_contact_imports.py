"""Contacts from a file are found again by their number, however it is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from crm_chassis.testing import Bench, Client

HEADER = ["customer_id", "name", "mobile", "title"]


@pytest.fixture
def customer(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return made("榕树有限公司", code="OLD-1")


def run_import(bench: Bench, client: Client, *lines: str, **form: str) -> dict[str, Any]:
    target = io.StringIO()
    csv.writer(target).writerows([HEADER, *(line.split("|") for line in lines)])
    file = (io.BytesIO(target.getvalue().encode()), "contacts.csv")
    started = client.call("POST", "/contacts/imports", data={"file": file, **form})
    assert started.status_code == 202, started.json
    bench.run_jobs()
    return client.get(started.headers["Location"]).json


def titles(client: Client) -> dict[str, str]:
    return {contact["name"]: contact["title"] for contact in client.get("/contacts").json["items"]}


def test_the_same_file_a_second_time_makes_nobody_double(bench: Bench, n1: Client, customer: dict[str, Any]) -> None:
    lines = ["OLD-1|王五|13800138000|经理", "OLD-1|李四|+86 139-0013-9000|总监"]

    first = run_import(bench, n1, *lines, mode="upsert", key="mobile")
    second = run_import(bench, n1, *(line + "（新）" for line in lines), mode="upsert", key="mobile")

    assert first["counts"] == {"created": 2, "updated": 0, "rejected": 0}, first["errors"]
    assert second["counts"] == {"created": 0, "updated": 2, "rejected": 0}, second["errors"]
    assert titles(n1) == {"王五": "经理（新）", "李四": "总监（新）"}


@pytest.mark.parametrize("written", ["13800138000", "138 0013 8000", "+8613800138000", "0086 138-0013-8000"])
def test_an_update_finds_a_contact_by_any_spelling_of_the_number(
    bench: Bench, n1: Client, customer: dict[str, Any], written: str
) -> None:
    run_import(bench, n1, "OLD-1|王五|13800138000|经理")

    job = run_import(bench, n1, f"OLD-1|王五|{written}|总监", mode="update", key="mobile")

    assert job["counts"] == {"created": 0, "updated": 1, "rejected": 0}, job["errors"]
    assert titles(n1) == {"王五": "总监"}


def test_one_number_written_in_two_ways_in_a_file_is_one_contact(
    bench: Bench, n1: Client, customer: dict[str, Any]
) -> None:
    lines = ["OLD-1|王五|13800138000|经理", "OLD-1|王五|+86 138 0013 8000|总监"]

    job = run_import(bench, n1, *lines, mode="upsert", key="mobile")

    assert job["counts"] == {"created": 1, "updated": 1, "rejected": 0}, job["errors"]
    assert titles(n1) == {"王五": "总监"}


def test_a_key_that_is_no_number_or_missing_finds_nobody(bench: Bench, n1: Client, customer: dict[str, Any]) -> None:
    run_import(bench, n1, "OLD-1|王五||经理", "OLD-1|李四|13800138000|经理")
    lines = ["OLD-1|王五||总监", "OLD-1|赵六|none|总监", "OLD-1|孙七|13900139000|总监"]

    job = run_import(bench, n1, *lines, mode="update", key="mobile")

    assert job["counts"] == {"created": 0, "updated": 0, "rejected": 3}
    assert [error["errors"][0]["code"] for error in job["errors"]] == ["unknown", "invalid", "unknown"]
    assert {error["errors"][0]["pointer"] for error in job["errors"]} == {"/mobile"}
    created = run_import(bench, n1, "OLD-1|周八||经理", "OLD-1|吴九||经理", mode="upsert", key="mobile")
    assert created["counts"] == {"created": 2, "updated": 0, "rejected": 0}, created["errors"]


def test_a_dry_run_counts_what_would_become_of_each_line(bench: Bench, n1: Client, customer: dict[str, Any]) -> None:
    run_import(bench, n1, "OLD-1|王五|13800138000|经理")

    job = run_import(
        bench,
        n1,
        "OLD-1|王五|138-0013-8000|总监",
        "OLD-1|李四|13900139000|总监",
        mode="upsert",
        key="mobile",
        dry_run="true",
    )

    assert job["counts"] == {"created": 1, "updated": 1, "rejected": 0}, job["errors"]
    assert titles(n1) == {"王五": "经理"}


def test_one_number_at_two_customers_is_a_contact_of_each(
    bench: Bench, n1: Client, customer: dict[str, Any], made: Callable[..., dict[str, Any]]
) -> None:
    """A switchboard, or a person who works for both: no line takes the other customer's contact away."""
    made("杉树有限公司", code="OLD-2")
    made("柳树有限公司", code="OLD-3")
    run_import(bench, n1, "OLD-1|王五|13800138000|经理", "OLD-2|李四|13800138000|经理")
    before = {each["name"]: each["customer_id"] for each in n1.get("/contacts").json["items"]}

    lines = ["OLD-2|李四|13800138000|总监", "OLD-3|赵六|13800138000|经理"]
    job = run_import(bench, n1, *lines, mode="upsert", key="mobile")

    assert job["counts"] == {"created": 1, "updated": 1, "rejected": 0}, job["errors"]
    assert titles(n1) == {"王五": "经理", "李四": "总监", "赵六": "经理"}
    after = {each["name"]: each["customer_id"] for each in n1.get("/contacts").json["items"]}
    assert {name: after[name] for name in before} == before


def test_two_contacts_of_a_customer_with_one_number_are_told_apart_by_nobody(
    bench: Bench, n1: Client, customer: dict[str, Any]
) -> None:
    run_import(bench, n1, "OLD-1|王五|13800138000|经理", "OLD-1|李四|13800138000|经理")

    job = run_import(bench, n1, "OLD-1|李四|13800138000|总监", mode="upsert", key="mobile")

    assert job["counts"] == {"created": 0, "updated": 0, "rejected": 1}
    assert job["errors"][0]["errors"][0]["code"] == "ambiguous"
    assert titles(n1) == {"王五": "经理", "李四": "经理"}
