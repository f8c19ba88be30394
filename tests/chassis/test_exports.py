"""Exports: how far they reach, and that each is announced, for the audit log, as surely as its file is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from crm_chassis.identity import Grant
from crm_chassis.jobs import Job
from crm_chassis.testing import Bench, Client

FINISHED = "crm.sales.export.finished.v1"


@pytest.fixture
def clerk(bench: Bench, group: dict[str, UUID], n1: Client) -> Client:
    """Reads everything of N1, where somebody else's competitor lies beside the one of their own, and exports the latter."""
    n1.post("/competitors", {"name": "Of a colleague"})
    company = Grant(subtrees=frozenset({group["N1"]}))
    grants = {"competitor:read": company, "competitor:create": company, "competitor:export": Grant(own=True)}
    client = bench.client(bench.caller(group["N1"], grants, username="clerk"))
    client.post("/competitors", {"name": "Mine", "tags": ["big"]})
    return client


def run(bench: Bench, client: Client, **body: Any) -> dict[str, Any]:
    started = client.post("/competitors/exports", body)
    assert started.status_code == 202, started.json
    bench.run_jobs()
    return dict(client.get(started.headers["Location"]).json)


def names(client: Client, job: dict[str, Any]) -> list[str]:
    return str(client.get(job["file"]).get_data().decode("utf-8-sig")).splitlines()[1:]


def test_an_export_reaches_no_further_than_its_own_permission(bench: Bench, clerk: Client) -> None:
    assert len(clerk.get("/competitors").json["items"]) == 2

    job = run(bench, clerk, fields=["name"])

    assert (job["state"], job["counts"], names(clerk, job)) == ("done", {"rows": 1}, ["Mine"])


def test_an_export_reaches_no_further_than_reading_does(bench: Bench, group: dict[str, UUID], clerk: Client) -> None:
    assert clerk.principal is not None
    grants = {"competitor:read": Grant(own=True), "competitor:export": Grant(subtrees=frozenset({group["N1"]}))}
    narrow = bench.client(bench.caller(group["N1"], grants, user_id=clerk.principal.user_id))

    assert names(narrow, run(bench, narrow, fields=["name"])) == ["Mine"]


def test_who_exports_everything_gets_what_they_read(bench: Bench, group: dict[str, UUID], clerk: Client) -> None:
    everything = {f"competitor:{action}": Grant(everything=True) for action in ("read", "export")}
    auditor = bench.client(bench.caller(group["BD"], everything))

    assert sorted(names(auditor, run(bench, auditor, fields=["name"]))) == ["Mine", "Of a colleague"]


def test_an_export_is_announced_with_who_took_what(bench: Bench, group: dict[str, UUID], clerk: Client) -> None:
    job = run(bench, clerk, format="xlsx", filter={"tags": "big", "name__in": ["Mine", "Other"]}, fields=["name"])

    (event,) = bench.events(FINISHED)
    assert clerk.principal is not None
    assert event["actorid"] == event["data"]["owner_id"] == str(clerk.principal.user_id)
    assert event["unitid"] == event["data"]["unit_id"] == str(group["N1"])
    assert job["id"] == f"sales.{event['data']['id']}"
    told = {name: event["data"][name] for name in ("username", "collection", "format", "filter", "fields", "rows")}
    assert told == {
        "username": "clerk",
        "collection": "competitors",
        "format": "xlsx",
        "filter": {"tags": "big", "name__in": "Mine,Other"},
        "fields": ["name"],
        "rows": 1,
    }


def test_an_export_cut_off_after_its_file_was_stored_is_not_made_again(bench: Bench, clerk: Client) -> None:
    job = run(bench, clerk, fields=["name"])
    stored = clerk.get(job["file"]).get_data()
    with bench.system() as session:  # as a worker leaves it that dies before it can say that the job is done
        session.execute(update(Job).values(state="queued", result={}, finished_at=None))
    clerk.post("/competitors", {"name": "Later"})
    bench.run_jobs()

    again = clerk.get(f"/jobs/{job['id']}").json
    assert (again["state"], again["counts"]) == ("done", {"rows": 1})
    assert clerk.get(again["file"]).get_data() == stored
    assert len(bench.events(FINISHED)) == 1


def test_an_export_that_failed_is_not_announced(bench: Bench, clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm_chassis.files.SIZE_MAX", 1)

    assert run(bench, clerk, fields=["name"])["state"] == "failed"
    assert bench.events(FINISHED) == []
