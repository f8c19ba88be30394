"""What the cells of an imported file become: values of custom fields, and the records that a key names."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from crm_chassis.collection.rejects import RejectedRow
from crm_chassis.database import sqlalchemy_url
from crm_chassis.jobs import JobRun
from crm_chassis.testing import Bench, Client

from .conftest import ALL

OPTIONS = [
    {"value": "a", "label": ["甲", "First"]},
    {"value": "b", "label": ["乙", "Second"]},
    {"value": "c", "label": ["丙、丁", "Third, fourth"]},
]


def define(client: Client, key: str, kind: str, **more: Any) -> None:
    options = OPTIONS if kind in {"choice", "multi_choice"} else []
    body = {"key": key, "label_zh": "栏目", "label_en": "Column", "kind": kind, "options": options}
    made = client.post("/competitors/fields", body | more)
    assert made.status_code == 201, made.json


def as_csv(*rows: Sequence[str]) -> tuple[BytesIO, str]:
    target = StringIO()
    csv.writer(target).writerows(rows)
    return BytesIO(target.getvalue().encode()), "list.csv"


def as_workbook(*rows: Sequence[Any]) -> tuple[BytesIO, str]:
    workbook, target = openpyxl.Workbook(), BytesIO()
    for row in rows:
        workbook.worksheets[0].append(list(row))
    workbook.save(target)
    return BytesIO(target.getvalue()), "list.xlsx"


def run_import(bench: Bench, client: Client, file: tuple[BytesIO, str], **form: str) -> dict[str, Any]:
    started = client.call("POST", "/competitors/imports", data={"file": file, **form})
    assert started.status_code == 202, started.json
    bench.run_jobs()
    job = client.get(started.headers["Location"]).json
    assert job["state"] == "done", job
    return job


def custom_of(client: Client) -> dict[str, dict[str, Any]]:
    return {record["name"]: record["custom"] for record in client.get("/competitors?limit=200").json["items"]}


@pytest.mark.parametrize(
    ("kind", "cells", "value"),
    [
        ("number", ["88", "+88", "８８"], 88),
        ("number", ["-1234.5", "-1,234.50", "'-1234.5", "-１，２３４．５"], -1234.5),
        ("number", ["1e3", "1,000", "1000.0"], 1000),
        ("number", ["1e20", "100000000000000000000"], 1e20),
        ("boolean", ["是", "yes", "Yes", "TRUE", "true", "1"], True),
        ("boolean", ["否", "no", "FALSE", "false", "0"], False),
        ("choice", ["b", "乙", "Second"], "b"),
        ("multi_choice", ["a;b", "a；b", "a,b", "甲、乙", "First， Second", '["a", "b"]', "a;b;;a"], ["a", "b"]),
        ("multi_choice", ["丙、丁", "Third, fourth", "c"], ["c"]),
        ("date", ["2026-11-21"], "2026-11-21"),
        ("text", ["1,234"], "1,234"),
    ],
)
def test_a_custom_column_is_read_by_the_kind_of_its_field(
    bench: Bench, n1: Client, kind: str, cells: list[str], value: Any
) -> None:
    define(n1, "extra", kind, required=True)

    job = run_import(bench, n1, as_csv(["name", "custom.extra"], *([f"{n}", cell] for n, cell in enumerate(cells))))

    assert job["counts"] == {"created": len(cells), "updated": 0, "rejected": 0}, job["errors"]
    assert list(custom_of(n1).values()) == [{"extra": value}] * len(cells)


@pytest.mark.parametrize(
    ("kind", "cells", "told"),
    [
        ("number", ["1,5", "1.234,50", "viel", "1e999", "10²"], "Write a number."),
        ("boolean", ["maybe", "2"], "Write true or false."),
        ("choice", ["z"], "Write one of the options."),
        ("multi_choice", ["a;z", '["a", ["b"]]', '[{"a": 1}]'], "Write a list of the options."),
        ("date", ["morgen"], "Write a date such as 2026-11-21."),
        ("user", ["nobody"], "There is no column nobody for you."),
    ],
)
def test_a_custom_cell_that_does_not_fit_sets_its_line_aside(
    bench: Bench, n1: Client, kind: str, cells: list[str], told: str
) -> None:
    define(n1, "extra", kind)

    job = run_import(bench, n1, as_csv(["name", "custom.extra"], *(["X", cell] for cell in cells), ["Good", ""]))

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": len(cells)}
    assert [error["line"] for error in job["errors"]] == list(range(2, len(cells) + 2))
    assert {(error["errors"][0]["pointer"], error["errors"][0]["message"]) for error in job["errors"]} == {
        ("/custom/extra", told)
    }
    assert n1.get(job["rejected_file"]).text.count(f"custom.extra: {told}") == len(cells)


def test_a_workbooks_own_numbers_dates_and_truths_are_read(bench: Bench, n1: Client) -> None:
    for key, kind in (("size", "number"), ("active", "boolean"), ("since", "date"), ("markets", "multi_choice")):
        define(n1, key, kind)
    header = ["name", "custom.size", "custom.active", "custom.since", "custom.markets"]
    rows = [["甲公司", 88.5, True, datetime(2026, 11, 21), "甲、乙"], ["乙公司", 3, False, None, None]]  # noqa: DTZ001

    job = run_import(bench, n1, as_workbook(header, *rows))

    assert job["counts"]["created"] == 2, job["errors"]
    assert custom_of(n1) == {
        "甲公司": {"size": 88.5, "active": True, "since": "2026-11-21", "markets": ["a", "b"]},
        "乙公司": {"size": 3, "active": False},
    }


def test_a_user_is_named_by_sign_in_name_or_id(bench: Bench, group: dict[str, UUID], n1: Client) -> None:
    define(n1, "buyer", "user")
    li = str(bench.caller(group["N1"], [], username="li").user_id)

    job = run_import(bench, n1, as_csv(["name", "custom.buyer"], ["A", "li"], ["B", li]))

    assert job["counts"]["created"] == 2, job["errors"]
    assert custom_of(n1) == {"A": {"buyer": li}, "B": {"buyer": li}}


def test_each_line_is_read_by_the_fields_of_its_own_unit(bench: Bench, group: dict[str, UUID]) -> None:
    head = bench.client(bench.caller(group["BD"], ALL, username="head"))
    define(head, "size", "number", unit_id=group["N1"])
    define(head, "size", "text", unit_id=group["E1"])
    header = ["name", "unit_id", "custom.size"]

    job = run_import(bench, head, as_csv(header, ["A", "N1", "88"], ["B", "E1", "88"], ["C", "BD", "88"]))

    assert custom_of(head) == {"A": {"size": 88}, "B": {"size": "88"}}
    assert [error["errors"][0]["code"] for error in job["errors"]] == ["unknown_field"]
    again = run_import(
        bench, head, as_csv(["name", "custom.size"], ["A", "99"], ["B", "99"]), mode="update", key="name"
    )
    assert again["counts"]["updated"] == 2, again["errors"]
    assert custom_of(head) == {"A": {"size": 99}, "B": {"size": "99"}}


def test_what_was_exported_comes_in_again_as_it_was(bench: Bench, n1: Client) -> None:
    custom = {"size": -1234.5, "active": False, "markets": ["a", "c"], "note": "1,234"}
    for key, kind in (("size", "number"), ("active", "boolean"), ("markets", "multi_choice"), ("note", "text")):
        define(n1, key, kind)
    made = n1.post("/competitors", {"name": "A", "tags": ["x", "y"], "custom": custom}).json
    names = ["name", "tags", *(f"custom.{key}" for key in custom)]
    started = n1.post("/competitors/exports", {"format": "csv", "fields": names})
    bench.run_jobs()
    exported = n1.get(n1.get(started.headers["Location"]).json["file"]).get_data()
    assert n1.delete(f"/competitors/{made['id']}", version=made["version"]).status_code == 204

    run_import(bench, n1, (BytesIO(exported), "list.csv"))

    (record,) = n1.get("/competitors").json["items"]
    assert (record["custom"], record["tags"]) == (custom, ["x", "y"])


def test_the_same_key_twice_in_a_file_is_one_record(bench: Bench, n1: Client) -> None:
    file = as_csv(["name", "website"], ["A", "https://old.example"], ["A", "https://new.example"])

    job = run_import(bench, n1, file, mode="upsert", key="name")

    assert job["counts"] == {"created": 1, "updated": 1, "rejected": 0}, job["errors"]
    assert [record["website"] for record in n1.get("/competitors").json["items"]] == ["https://new.example"]


@pytest.mark.parametrize("wrong", [["a"], {"a": 1}, 1, True, [["a"]], [{"a": 1}], [1]])
@pytest.mark.parametrize("kind", ["choice", "multi_choice"])
def test_a_choice_of_another_type_is_a_wrong_value_and_no_fault(n1: Client, kind: str, wrong: Any) -> None:
    define(n1, "extra", kind)
    body = {"name": "A", "custom": {"extra": wrong}}

    refused = n1.post("/competitors", body)

    expected = 201 if (kind, wrong) == ("multi_choice", ["a"]) else 422
    assert refused.status_code == expected, refused.json
    if expected == 422:
        assert refused.json["errors"][0]["pointer"] == "/custom/extra"


def test_a_key_that_several_records_have_sets_its_line_aside(bench: Bench, n1: Client, e1: Client) -> None:
    for client, name in ((n1, "Twin"), (n1, "Twin"), (n1, "Single"), (e1, "Single")):
        assert client.post("/competitors", {"name": name, "website": "https://old.example"}).status_code == 201
    file = as_csv(["name", "website"], ["Twin", "https://new.example"], ["Single", "https://new.example"])

    job = run_import(bench, n1, file, mode="upsert", key="name")

    assert job["counts"] == {"created": 0, "updated": 1, "rejected": 1}
    (refused,) = job["errors"]
    assert (refused["line"], refused["errors"][0]["code"], refused["errors"][0]["pointer"]) == (2, "ambiguous", "/name")
    assert refused["errors"][0]["message"].startswith("2 records have this name")
    changed = {record["website"] for record in n1.get("/competitors?name=Twin").json["items"]}
    assert changed == {"https://old.example"}


def test_a_workbook_is_read_outside_of_any_transaction(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one takes longer than a transaction may stand idle."""
    open_ones: list[int] = []
    load = openpyxl.load_workbook
    watch = create_engine(sqlalchemy_url(bench.settings.database_url))
    idle = text("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()")

    def watched(*args: Any, **options: Any) -> Any:
        with watch.connect() as connection:
            open_ones.append(int(connection.scalar(idle) or 0))
        return load(*args, **options)

    monkeypatch.setattr(openpyxl, "load_workbook", watched)
    run_import(bench, n1, as_workbook(["name"], ["A"]))
    watch.dispose()

    assert open_ones == [0]


def test_refused_lines_are_given_back_once_each_and_are_no_burden_to_the_job(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the batches fall, and without writing those of the batches before again with each."""
    monkeypatch.setattr("crm_chassis.collection.imports.BATCH", 2)
    kept: list[dict[str, Any]] = []

    class Watched(JobRun):
        def save(self, session: Session, *, done: int, total: int | None = None, **cursor: Any) -> None:
            super().save(session, done=done, total=total, **cursor)
            kept.append(dict(self.cursor))

    monkeypatch.setattr("crm_chassis.jobs.JobRun", Watched)
    lines = [["", "https://a.example"], ["B", "nonsense"], ["C", ""], ["", "short"], ["E", "nonsense"]]

    job = run_import(bench, n1, as_csv(["name", "website", "strengths"], *lines))

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 4}
    rows = list(csv.reader(StringIO(n1.get(job["rejected_file"]).get_data().decode("utf-8-sig"))))
    assert rows[0] == ["name", "website", "strengths", "error"]
    assert [row[:2] for row in rows[1:]] == [line for line in lines if line != ["C", ""]]
    assert all(len(row) == 4 and row[3] for row in rows[1:]), "the error stands in its own column"
    assert [set(cursor) for cursor in kept[:3]] == [{"line"}] * 3
    with bench.system() as session:
        assert session.scalars(select(RejectedRow)).all() == []
