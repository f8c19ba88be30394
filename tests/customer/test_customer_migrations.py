"""The customer service's migrations, there and back with rows in the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from crm_chassis import migrations
from crm_chassis.database import sqlalchemy_url
from crm_chassis.ids import uuid7
from crm_chassis.testing import Bench, Client


def test_codes_that_were_given_again_survive_the_way_back(
    bench: Bench, n1: Client, made: Callable[..., dict[str, Any]]
) -> None:
    first, second = made("甲", code="ERP-77")["id"], None
    for name in ("乙", "丙"):
        n1.delete(f"/customers/{second or first}", version=1)
        second = made(name, code="ERP-77")["id"]
    line = migrations.lines_of(bench.service, bench.settings.database_owner_url)[1]

    command.downgrade(line, "0002")
    with owner(bench) as connection:
        codes = {row.id: row.code for row in connection.execute(text("SELECT id::text, code FROM customers"))}
    command.upgrade(line, "head")

    assert codes[second] == "ERP-77", "who is there keeps it"
    assert codes[first] == f"ERP-77-{first}"
    assert len(set(codes.values())) == len(codes) == 3
    with pytest.raises(IntegrityError, match="uq_customers_code"), owner(bench) as connection:
        connection.execute(text("UPDATE customers SET code = 'ERP-77', deleted_at = NULL"))


def test_what_customers_did_not_keep_is_read_off_the_events_that_copies_were_written_from(
    bench: Bench, made: Callable[..., dict[str, Any]]
) -> None:
    customer, money = made("甲"), {"amount": "100.00", "currency": "CNY"}
    common = {"unit_id": customer["unit_id"], "owner_id": None, "customer_id": customer["id"]}
    owed = {**common, "id": str(uuid7()), "order_id": str(uuid7()), "due_on": "2026-01-01", "status": "open"}
    back = {"amount": "30.00", "currency": "CNY"}
    order = {**common, "id": owed["order_id"], "number": "SO-1", "ordered_on": "2026-01-01", "status": "delivered"}
    bench.deliver("crm.sales.receivable.opened.v1", {**owed, "amount": money}, version=1)
    bench.deliver("crm.sales.receivable.changed.v1", {**owed, "amount": money, "credited": back}, version=2)
    told = {**order, "total": money, "lines": [], "returned_total": back}
    bench.deliver("crm.sales.order.returned.v1", told, version=3)
    line = migrations.lines_of(bench.service, bench.settings.database_owner_url)[1]

    command.downgrade(line, "0003")
    command.upgrade(line, "head")

    with owner(bench) as connection:
        assert str(connection.scalar(text("SELECT credited FROM customer_receivables"))) == "30.00"
        assert str(connection.scalar(text("SELECT not_kept FROM customer_orders"))) == "30.00"


@contextmanager
def owner(bench: Bench) -> Iterator[Connection]:
    """A transaction of the database's owner that sees every row."""
    engine = create_engine(sqlalchemy_url(bench.settings.database_owner_url))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT set_config('crm.units', '*', true)"))
            yield connection
    finally:
        engine.dispose()
