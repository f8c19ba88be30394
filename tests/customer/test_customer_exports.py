"""Exports of customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from crm_chassis.identity import Grant
from crm_chassis.testing import Bench


def test_who_reads_the_company_and_exports_their_own_gets_their_own(
    bench: Bench, units: dict[str, UUID], made: Callable[..., dict[str, Any]]
) -> None:
    company = Grant(subtrees=frozenset({units["N1"]}))
    grants = {"customer:read": company, "customer:create": company, "customer:export": Grant(own=True)}
    clerk = bench.client(bench.caller(units["N1"], grants, username="clerk"))
    made("别人的客户有限公司")
    own = made("自己的客户有限公司", client=clerk)
    assert len(clerk.get("/customers").json["items"]) == 2

    started = clerk.post("/customers/exports", {"fields": ["name"]})
    bench.run_jobs()

    job = clerk.get(started.headers["Location"]).json
    assert clerk.get(job["file"]).get_data().decode("utf-8-sig").splitlines()[1:] == [own["name"]]
    (event,) = bench.events("crm.customer.export.finished.v1")
    assert (event["data"]["username"], event["data"]["collection"], event["data"]["rows"]) == ("clerk", "customers", 1)
