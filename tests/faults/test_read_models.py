"""A read model is dropped and built anew from the others' history, while the system runs."""

from __future__ import annotations

import time
from typing import Any

import pytest
from faults.clients import Clients
from faults.oracle import Databases
from faults.stage import Stage, databases
from psycopg import sql
from system import eventually

pytestmark = [pytest.mark.timeout(400), pytest.mark.brokers("amqp")]

MODELS = {
    "customer": {"timeline": "id, customer_id, type, resource, subject_id, details"},
    "insight": {
        "records": "resource, record_id, version, unit_id, owner_id, customer_id, entries",
        "documents": "*",
        "figures": "measure, month, unit_id, owner_id, label, currency, value",
        "customer_figures": "customer_id, measure, month, unit_id, owner_id, label, currency, value",
    },
}


@pytest.mark.slow
@pytest.mark.fault(32)
@pytest.mark.parametrize("service", list(MODELS))
def test_a_read_model_dropped_and_rebuilt(faulty: Stage, work: Clients, checked: Any, service: str) -> None:
    with work as journal:
        time.sleep(5)
    checked(journal)
    with Databases(databases(faulty)) as found:
        before = _sums(found, service)
        for table in MODELS[service]:
            found.execute(service, sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
        mails = len(faulty.mails.taken)
        for source in found.services:
            faulty.system.crm("replay", service, "--source", source, "--after", "0")

        eventually(lambda: _sums(found, service) == before, 90)
    assert len(faulty.mails.taken) == mails
    checked(journal)


def _sums(found: Databases, service: str) -> dict[str, Any]:
    """A checksum of each table of the read model, whatever the order of its rows."""
    sums = {}
    for table, columns in MODELS[service].items():
        shown = "to_jsonb(t) - 'id'" if columns == "*" else f"to_jsonb(x) FROM (SELECT {columns} FROM {table}) x"
        query = f"SELECT count(*), sum(hashtextextended(({shown})::text, 0)) FROM {table} t"
        if columns != "*":
            query = (
                f"SELECT count(*), sum(hashtextextended(to_jsonb(x)::text, 0)) FROM (SELECT {columns} FROM {table}) x"
            )
        sums[table] = found.rows(service, query)[0]
    return sums
