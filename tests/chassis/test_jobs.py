"""Background jobs when workers stand still or die: each piece of work is kept once."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_chassis import clock, jobs
from crm_chassis.collection import jobs as collection_jobs
from crm_chassis.database import system_transaction
from crm_chassis.identity import set_principal
from crm_chassis.testing import Bench, Client


@pytest.fixture
def submitted(bench: Bench, group: dict[str, UUID]) -> UUID:
    with bench.runtime.activate(), system_transaction() as session:
        set_principal(bench.caller(group["N1"], [], username="n1"))
        job_id = jobs.submit(session, "counting", {}).id
        set_principal(None)
        return job_id


def standing(bench: Bench, job_id: UUID) -> tuple[str, int, int]:
    with bench.runtime.activate(), system_transaction() as session:
        job = session.get_one(jobs.Job, job_id)
        return job.state, job.done, job.attempts


def test_a_worker_that_outlived_its_lease_commits_nothing_any_more(
    bench: Bench, submitted: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker stands still in its second step for longer than the lease; the second goes on from the first step."""
    committed: list[tuple[int, int]] = []

    def counting(run: jobs.JobRun) -> dict[str, Any]:
        for step in range(run.cursor.get("step", 0) + 1, 4):
            if (run.attempt, step) == (1, 2):
                with clock.frozen(clock.now() + jobs.LEASE + timedelta(seconds=1)):
                    assert jobs.run_due(bench.runtime) == 1
            with system_transaction() as session:
                run.save(session, done=step, step=step)
            committed.append((run.attempt, step))
        return {}

    monkeypatch.setitem(collection_jobs.FUNCTIONS, "counting", counting)

    assert jobs.run_due(bench.runtime) == 1

    assert committed == [(1, 1), (2, 2), (2, 3)]
    assert standing(bench, submitted) == ("done", 3, 2)


def test_a_job_that_kills_its_worker_again_and_again_is_given_up(
    bench: Bench, submitted: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(_run: jobs.JobRun) -> dict[str, Any]:
        raise KeyboardInterrupt  # the process ends here

    monkeypatch.setitem(collection_jobs.FUNCTIONS, "counting", deadly)
    for lapsed in range(jobs.ATTEMPTS_MAX):
        with clock.frozen(clock.now() + lapsed * 2 * jobs.LEASE), pytest.raises(KeyboardInterrupt):
            jobs.run_due(bench.runtime)
    with clock.frozen(clock.now() + 20 * jobs.LEASE):
        jobs.run_due(bench.runtime)

    assert standing(bench, submitted)[0] == "failed"


CUT = text("SELECT pg_terminate_backend(pg_backend_pid())")


class CutOnce(jobs.JobRun):
    """A run that loses its connection, the first time, in the transaction of its second batch of two."""

    def save(self, session: Session, *, done: int, total: int | None = None, **cursor: Any) -> None:
        if self.attempt == 1 and done > 2:
            session.execute(CUT)
        super().save(session, done=done, total=total, **cursor)


class CutAlways(jobs.JobRun):
    """A run that never comes beyond its first batch of two."""

    def save(self, session: Session, *, done: int, total: int | None = None, **cursor: Any) -> None:
        if done > 2:
            session.execute(CUT)
        super().save(session, done=done, total=total, **cursor)


def start_import(client: Client, lines: int) -> str:
    content = "\n".join(["name", *(f"R{number:03d}" for number in range(lines))]).encode()
    started = client.call("POST", "/competitors/imports", data={"file": (BytesIO(content), "list.csv")})
    assert started.status_code == 202, started.json
    return str(started.headers["Location"])


def names(client: Client) -> list[str]:
    return [record["name"] for record in client.get("/competitors?limit=200&sort=name").json["items"]]


def test_an_import_whose_connection_breaks_goes_on_with_the_batch_that_was_cut_off(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_chassis.collection.imports.BATCH", 2)
    monkeypatch.setattr("crm_chassis.jobs.JobRun", CutOnce)
    job = start_import(n1, 5)

    bench.run_jobs()
    left = n1.get(job).json
    with clock.frozen(clock.now() + timedelta(seconds=30)):
        bench.run_jobs()

    assert (left["state"], left["progress"], left["errors"]) == ("running", {"done": 2, "total": 5}, [])
    done = n1.get(job).json
    assert (done["state"], done["counts"]) == ("done", {"created": 5, "updated": 0, "rejected": 0})
    assert names(n1) == ["R000", "R001", "R002", "R003", "R004"]


def test_an_import_that_is_cut_off_again_and_again_says_what_is_done_and_how_to_go_on(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_chassis.collection.imports.BATCH", 2)
    monkeypatch.setattr("crm_chassis.jobs.JobRun", CutAlways)
    job, begun = start_import(n1, 5), clock.now()

    for tried in range(jobs.ATTEMPTS_MAX + 1):
        assert n1.get(job).json["state"] in {"queued", "running"}, tried
        with clock.frozen(begun + tried * timedelta(seconds=80)):
            bench.run_jobs()

    failed = n1.get(job).json
    assert failed["state"] == "failed"
    assert [error["message"] for error in failed["errors"]] == [
        f"The job was cut off {jobs.ATTEMPTS_MAX} times in a row and is given up.",
        "The file is imported up to line 3: import the lines after it as a file of their own.",
    ]
    assert names(n1) == ["R000", "R001"]


def test_a_job_that_comes_further_each_time_is_not_given_up(
    bench: Bench, submitted: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def creeping(run: jobs.JobRun) -> dict[str, Any]:
        step = run.cursor.get("step", 0) + 1
        with system_transaction() as session:
            run.save(session, done=step, step=step)
        if step < 3 * jobs.ATTEMPTS_MAX:
            with system_transaction() as session:
                session.execute(CUT)
        return {}

    monkeypatch.setitem(collection_jobs.FUNCTIONS, "counting", creeping)
    begun = clock.now()
    for tried in range(3 * jobs.ATTEMPTS_MAX):
        with clock.frozen(begun + tried * timedelta(seconds=80)):
            bench.run_jobs()

    assert standing(bench, submitted)[0] == "done"


def test_a_short_export_ends_while_a_long_import_is_under_way(
    bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_chassis.jobs.TURN_S", 0.0)
    monkeypatch.setattr("crm_chassis.jobs._LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("crm_chassis.collection.imports.BATCH", 2)
    for number in range(10):
        n1.post("/competitors", {"name": f"A{number}"})
    long = start_import(n1, 120)
    short = n1.post("/competitors/exports", {"filter": {"name__contains": "A"}}).headers["Location"]

    assert jobs.run_due(bench.runtime, limit=2) == 2

    standing_import, export = n1.get(long).json, n1.get(short).json
    assert (export["state"], export["counts"]) == ("done", {"rows": 10})
    assert standing_import["state"] == "running"
    assert 0 < standing_import["progress"]["done"] < 120
    bench.run_jobs()
    assert n1.get(long).json["counts"] == {"created": 120, "updated": 0, "rejected": 0}
    assert len(names(n1)) == 130


def test_a_job_goes_on_while_nobody_waits(bench: Bench, n1: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm_chassis.jobs.TURN_S", 0.0)
    monkeypatch.setattr("crm_chassis.collection.imports.BATCH", 2)
    job = start_import(n1, 60)

    assert bench.run_jobs() == 1
    assert n1.get(job).json["state"] == "done"


def test_a_job_that_works_long_without_saving_keeps_its_lease(
    bench: Bench, submitted: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = clock.now()

    def thinking(run: jobs.JobRun) -> dict[str, Any]:
        for thought in range(1, 5):
            with clock.frozen(begun + thought * jobs.LEASE * 0.9):
                assert jobs.run_due(bench.runtime) == 0, "nobody takes it away"
                run.hold()
        return {}

    monkeypatch.setitem(collection_jobs.FUNCTIONS, "counting", thinking)

    assert jobs.run_due(bench.runtime) == 1
    assert standing(bench, submitted) == ("done", 0, 1)
