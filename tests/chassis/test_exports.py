"""Exports: how far they reach, and that each is announced, for the audit log, as surely as its file is there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from crm_chassis.files import File
from crm_chassis.http import XLSX
from crm_chassis.identity import Grant
from crm_chassis.jobs import Job, JobRun
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


def test_an_export_that_failed_is_not_announced(bench: Bench, clerk: Client) -> None:
    place = Path(bench.settings.files_url.removeprefix("file://")) / "export"
    shutil.rmtree(place, ignore_errors=True)
    place.write_text("here is no room for a folder")
    try:
        assert run(bench, clerk, fields=["name"])["state"] == "failed"
    finally:
        place.unlink()
    assert bench.events(FINISHED) == []


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_an_export_may_be_larger_than_an_upload(
    bench: Bench, clerk: Client, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setattr("crm_chassis.files.SIZE_MAX", 1)

    job = run(bench, clerk, fields=["name"], format=format_)

    assert (job["state"], job["result"]) == ("done", {"complete": True}), job["errors"]
    file = clerk.get(job["file"])
    assert (file.status_code, int(file.headers["Content-Length"])) == (200, len(file.get_data()))
    assert file.mimetype == {"csv": "text/csv", "xlsx": XLSX}[format_]


def test_an_export_of_more_records_than_a_file_takes_says_so(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_chassis.collection.exports.ROWS_MAX", 2)
    monkeypatch.setattr("crm_chassis.collection.listing.LIMIT_MAX", 2)
    for name in "ABC":
        n1.post("/competitors", {"name": name})

    job = run(bench, n1, fields=["name"])

    assert (job["state"], job["counts"], job["result"]) == ("done", {"rows": 2}, {"complete": False})
    assert job["errors"] == [{"message": "The file holds the first 2 records; narrow the filter for the others."}]
    whole = run(bench, n1, fields=["name"], filter={"name__ne": "C"})
    assert (whole["result"], whole["errors"]) == ({"complete": True}, [])


class Polite(JobRun):
    """A run that lets others go first after each of its first three pages."""

    def turn_is_over(self) -> bool:
        return self.attempt <= 3


def test_an_export_that_lets_others_go_first_goes_on_where_it_was(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_chassis.collection.listing.LIMIT_MAX", 2)
    monkeypatch.setattr("crm_chassis.jobs.JobRun", Polite)
    wanted = [f"R{number}" for number in range(9)]
    for name in wanted:
        n1.post("/competitors", {"name": name})

    job = run(bench, n1, fields=["name"])

    assert (job["state"], job["counts"]) == ("done", {"rows": 9}), job["errors"]
    assert names(n1, job) == wanted
    assert len(bench.events(FINISHED)) == 1
    with bench.system() as session:
        on_their_way = session.scalars(select(File.deleted_at).where(File.name == "rows")).all()
    assert len(on_their_way) == 3
    assert all(on_their_way), "nobody needs them any more"
