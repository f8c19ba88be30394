"""Exports of claims."""

from __future__ import annotations

from crm_chassis.testing import Client

from .conftest import Group


def test_a_traveller_exports_their_own_claims_and_that_is_announced(group: Group, anna: Client) -> None:
    tom = group.traveller(group.n1, "tom")
    anna.post("/claims", {"title": "Somebody else's"})
    mine = tom.post("/claims", {"title": "Mine"}).json

    started = tom.post("/claims/exports", {"fields": ["number"]})
    group.bench.run_jobs()

    job = tom.get(started.headers["Location"]).json
    assert tom.get(job["file"]).get_data().decode("utf-8-sig").splitlines()[1:] == [mine["number"]]
    (event,) = group.bench.events("crm.expenses.export.finished.v1")
    assert (event["data"]["username"], event["data"]["collection"], event["data"]["rows"]) == ("tom", "claims", 1)
