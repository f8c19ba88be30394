"""Importing orders by file."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock
from crm_chassis.testing import Bench, Client, statements_of

from .conftest import World

HEADER = "customer_code,ordered_on,product_code,quantity,price,currency,status,paid"


def run_import(bench: Bench, client: Client, *lines: str, header: str = HEADER, **form: str) -> dict[str, Any]:
    content = "\n".join([header, *lines]).encode()
    started = client.call("POST", "/orders/imports", key="i", data={"file": (BytesIO(content), "orders.csv"), **form})
    assert started.status_code == 202, started.json
    bench.run_jobs()
    return dict(client.get(started.headers["Location"]).json)


@pytest.fixture
def stocked(world: World, n1: Client, units: dict[str, UUID]) -> str:
    world.product(n1)
    return world.customer(units["N1D"])


def test_a_draft_a_confirmed_and_a_paid_order_come_out_as_if_made_one_by_one(
    bench: Bench, n1: Client, stocked: str, units: dict[str, UUID]
) -> None:
    job = run_import(
        bench,
        n1,
        "N1-000001,2026-01-05,P-1,2,,CNY,draft,",
        "N1-000001,2026-02-05,P-1,2,90.00,CNY,confirmed,",
        "N1-000001,2026-03-05,P-1,1,80.00,CNY,confirmed,true",
    )

    assert (job["state"], job["counts"]) == ("done", {"created": 3, "updated": 0, "rejected": 0}), job
    draft, owed, paid = n1.get("/orders?sort=ordered_on").json["items"]
    assert [draft["number"], owed["number"], paid["number"]] == ["SO-N1-000001", "SO-N1-000002", "SO-N1-000003"]
    assert [draft["total"]["amount"], owed["total"]["amount"]] == ["226.00", "203.40"]
    assert (draft["status"], owed["status"], paid["status"]) == ("draft", "confirmed", "confirmed")
    assert {order["unit_id"] for order in (draft, owed, paid)} == {str(units["N1D"])}
    first, second = n1.get("/receivables").json["items"]
    assert (first["status"], first["due_on"], first["outstanding"]["amount"]) == ("open", "2026-03-07", "203.40")
    assert (second["status"], second["paid"]["amount"]) == ("paid", "90.40")
    payment = n1.get("/payments").json["items"][0]
    assert (payment["received_on"], payment["unallocated"]["amount"]) == ("2026-04-04", "0.00")
    assert payment["allocations"] == [{"receivable_id": second["id"], "amount": "90.40"}]


def test_every_imported_fact_is_announced_with_the_version_it_has(bench: Bench, n1: Client, stocked: str) -> None:
    run_import(bench, n1, "N1-000001,2026-03-05,P-1,1,80.00,CNY,confirmed,yes")

    told = [(event["type"].split(".", 2)[2], event["aggregateversion"]) for event in bench.events()]
    assert told[1:] == [
        ("order.created.v1", 1),
        ("order.confirmed.v1", 2),
        ("receivable.opened.v1", 1),
        ("payment.received.v1", 1),
        ("receivable.paid.v1", 2),
    ]


def test_a_paid_order_due_in_the_future_was_paid_today(bench: Bench, n1: Client, stocked: str) -> None:
    today = clock.today()
    run_import(bench, n1, f"N1-000001,{today},P-1,1,80.00,CNY,confirmed,true")

    assert n1.get("/payments").json["items"][0]["received_on"] == today.isoformat()


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ("N1-000009,2026-01-05,P-1,2,,CNY,draft,", "/customer_code"),
        ("E1-000001,2026-01-05,P-1,2,,CNY,draft,", "/customer_code"),
        ("N1-000001,2026-01-05,P-9,2,,CNY,draft,", "/product_code"),
        ("N1-000001,2026-01-05,P-1,0,,CNY,draft,", "/quantity"),
        ("N1-000001,never,P-1,1,,CNY,draft,", "/ordered_on"),
        ("N1-000001,9999-12-31,P-1,1,,CNY,confirmed,", "/ordered_on"),
        ("N1-000001,2026-01-05,P-1,1,,USD,draft,", "/price"),
        ("N1-000001,2026-01-05,P-1,1,,CNY,draft,true", "/paid"),
        ("N1-000001,2026-01-05,P-1,1,,CNY,delivered,", "/status"),
    ],
)
def test_a_line_that_does_not_fit_is_set_aside_and_the_others_go_in(
    bench: Bench, world: World, n1: Client, stocked: str, units: dict[str, UUID], line: str, pointer: str
) -> None:
    world.customer(units["E1"], "E1-000001")

    job = run_import(bench, n1, line, "N1-000001,2026-01-05,P-1,2,,CNY,draft,")

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 1}, job
    assert job["errors"][0]["line"] == 2
    assert job["errors"][0]["errors"][0]["pointer"] == pointer
    assert line.split(",", maxsplit=1)[0] in n1.get(job["rejected_file"]).text


def test_a_discount_beyond_the_limit_cannot_slip_in_by_file(bench: Bench, n1: Client, stocked: str) -> None:
    header = "customer_code,product_code,quantity,discount,status"

    job = run_import(bench, n1, "N1-000001,P-1,1,21,confirmed", "N1-000001,P-1,1,20,confirmed", header=header)

    assert job["counts"]["created"] == 1
    assert job["errors"][0]["errors"][0]["code"] == "needs_approval"


def test_who_may_not_confirm_or_take_money_cannot_by_file_either(
    bench: Bench, stocked: str, units: dict[str, UUID]
) -> None:
    grants = ["order:import", "order:create", "order:read", "product:read", "customer:read"]
    clerk = bench.client(bench.caller(units["N1"], grants, username="clerk"))

    job = run_import(bench, clerk, "N1-000001,2026-01-05,P-1,1,,CNY,confirmed,", "N1-000001,2026-01-05,P-1,1,,CNY,,")

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 1}
    assert job["errors"][0]["errors"][0]["pointer"] == "/status"


def test_a_dry_run_of_orders_writes_nothing(bench: Bench, n1: Client, stocked: str) -> None:
    job = run_import(bench, n1, "N1-000001,2026-01-05,P-1,2,,CNY,confirmed,", dry_run="true")

    assert job["counts"]["created"] == 1
    assert n1.get("/orders").json["items"] == []


def test_an_import_that_was_cut_off_goes_on_after_its_last_batch(bench: Bench, n1: Client, stocked: str) -> None:
    from crm_chassis.jobs import Job

    content = "\n".join([HEADER, *("N1-000001,2026-01-05,P-1,1,,CNY,draft," for _ in range(3))]).encode()
    started = n1.call("POST", "/orders/imports", key="i", data={"file": (BytesIO(content), "orders.csv")})
    with bench.system() as session:
        job = session.get_one(Job, UUID(started.json["id"].partition(".")[2]))
        job.cursor = {"line": 3, "rejected": []}
    bench.run_jobs()

    assert len(n1.get("/orders").json["items"]) == 1


def test_a_batch_of_two_hundred_orders_takes_few_statements(bench: Bench, n1: Client, stocked: str) -> None:
    lines = [f"N1-000001,2026-01-{1 + i % 28:02},P-1,{1 + i % 9},50.00,CNY,confirmed,{i % 4 > 0}" for i in range(200)]
    with statements_of(bench.runtime) as seen:
        job = run_import(bench, n1, *lines)

    assert job["counts"]["created"] == 200, job
    versioned = [statement for statement in seen if statement.startswith(("UPDATE orders", "UPDATE receivables"))]
    assert len(versioned) == 350, "one for each confirmed order and each paid receivable, which hold their versions"
    assert len(seen) - len(versioned) < 60, "an order must not cost other round trips of its own"


def test_the_lines_set_aside_are_explained_in_the_language_of_the_import(
    bench: Bench, n1: Client, stocked: str
) -> None:
    content = f"{HEADER}\nN1-999999,2026-01-05,P-1,2,,CNY,draft,\nN1-000001,2026-01-05,P-9,2,,CNY,draft,\n".encode()
    started = n1.call(
        "POST",
        "/orders/imports",
        key="zh",
        data={"file": (BytesIO(content), "orders.csv")},
        headers={"Accept-Language": "zh-CN"},
    )
    bench.run_jobs()

    job = n1.get(started.headers["Location"]).json
    assert [line["errors"][0] for line in job["errors"]] == [
        {"pointer": "/customer_code", "code": "unknown", "message": "没有此编码的客户，或您无权查看。"},
        {"pointer": "/product_code", "code": "unknown", "message": "请选择您可见且在售的产品。"},
    ]
    assert "没有此编码的客户，或您无权查看。" in n1.get(job["rejected_file"]).text


@pytest.mark.parametrize(("closed", "pointer"), [("custom.grade", "/custom/grade"), ("note", "/note")])
def test_an_import_does_not_write_what_the_roles_of_the_importer_close(
    bench: Bench, n1: Client, stocked: str, units: dict[str, UUID], closed: str, pointer: str
) -> None:
    definer = bench.client(bench.caller(units["N1"], ["order:configure"], username="definer"))
    grade = {"key": "grade", "label_zh": "等级", "label_en": "Grade", "kind": "text"}
    assert definer.post("/orders/fields", grade).status_code == 201
    assert n1.principal is not None
    fields = {"order": {closed: "readonly"}}
    clerk = bench.client(bench.caller(units["N1"], n1.principal.grants, username="clerk", fields=fields))
    header = "customer_code,product_code,quantity,note,custom.grade"
    both, neither = "N1-000001,P-1,1,urgent,A", "N1-000001,P-1,1,,"

    job = run_import(bench, clerk, both, neither, header=header)

    assert job["counts"] == {"created": 1, "updated": 0, "rejected": 1}
    assert [error["pointer"] for error in job["errors"][0]["errors"]] == [pointer]
