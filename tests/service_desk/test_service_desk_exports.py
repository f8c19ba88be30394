"""Exports of requests."""

from __future__ import annotations

from .conftest import Desk


def test_an_export_of_requests_holds_those_of_the_own_company_and_is_announced(desk: Desk) -> None:
    mine = desk.request()
    desk.request(desk.stranger)

    started = desk.agent.post("/requests/exports", {"fields": ["number"]})
    desk.bench.run_jobs()

    job = desk.agent.get(started.headers["Location"]).json
    assert desk.agent.get(job["file"]).get_data().decode("utf-8-sig").splitlines()[1:] == [mine["number"]]
    (event,) = desk.bench.events("crm.service-desk.export.finished.v1")
    assert (event["data"]["username"], event["data"]["collection"], event["data"]["rows"]) == ("agent", "requests", 1)
