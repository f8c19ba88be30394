"""Background jobs when workers stand still or die: each piece of work is kept once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import clock, jobs
from crm_chassis.collection import jobs as collection_jobs
from crm_chassis.database import system_transaction
from crm_chassis.identity import set_principal
from crm_chassis.testing import Bench


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
