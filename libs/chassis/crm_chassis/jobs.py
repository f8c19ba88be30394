"""Background jobs with progress: a row that a worker claims with a lease, so that a killed worker loses nothing.

A job's function is called with a ``JobRun`` and opens its own transactions, small ones, saving how far it came with
``run.save(session, …)`` in each. A job whose worker died is taken up again from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Response
from sqlalchemy import String, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock, errors, files, ids, language, logs
from .database import system_transaction, transaction
from .http import XLSX, Blueprint, gives, json_response
from .identity import claims_of, current_principal, principal_of, requires, set_principal
from .language import say
from .schedules import Schedule
from .scope import Scope
from .service import Runtime, current_runtime
from .tables import ChassisBase

if TYPE_CHECKING:
    from .service import JobFunction

log = structlog.get_logger("jobs")

LEASE = timedelta(seconds=90)
ATTEMPTS_MAX = 5
ERRORS_KEPT = 1000
KEEP = timedelta(days=90)


class Job(ChassisBase):
    """One piece of background work. state: queued, running, done, failed. cursor: where to go on after a crash."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="queued", index=True)
    args: Mapped[dict[str, Any]]
    principal: Mapped[dict[str, Any]]
    user_id: Mapped[UUID] = mapped_column(index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    errors: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Overtaken(Exception):
    """The lease ran out while this worker stood still, and another has the job now: what was not committed is undone."""


class JobRun:
    """A job while it runs: its arguments, the scope of whoever asked, and how far it came."""

    def __init__(self, job: Job) -> None:
        self.id = job.id
        self.attempt = job.attempts
        self.args: Mapping[str, Any] = job.args
        self.cursor: dict[str, Any] = dict(job.cursor)
        self.counts: dict[str, Any] = dict(job.counts)
        self.errors: list[Any] = list(job.errors)
        self.principal = principal_of(job.principal)
        self.scope = Scope(self.principal)

    def save(self, session: Session, *, done: int, total: int | None = None, **cursor: Any) -> None:
        """Record progress in the transaction of the work itself, and keep the lease. Raises Overtaken."""
        self.cursor |= cursor
        values: dict[str, Any] = {
            "done": done,
            "cursor": self.cursor,
            "counts": self.counts,
            "errors": self.errors[:ERRORS_KEPT],
            "lease_until": clock.now() + LEASE,
        }
        if total is not None:
            values["total"] = total
        self.write(session, values)

    def write(self, session: Session, values: Mapping[str, Any]) -> None:
        """Change the job's row as the one who works on it. Raises Overtaken."""
        own = update(Job).where(Job.id == self.id, Job.state == "running", Job.attempts == self.attempt)
        if session.execute(own.values(**values).returning(Job.id)).first() is None:
            raise Overtaken


def submit(session: Session, kind: str, args: Mapping[str, Any]) -> Job:
    """Queue a job for the caller, in the open transaction. A worker begins it within about a second.

    Its errors and titles will be in the language of the request that asks for it.
    """
    principal = replace(current_principal(), locale=language.current())
    job = Job(kind=kind, args=dict(args), principal=claims_of(principal), user_id=principal.user_id)
    session.add(job)
    session.flush()
    return job


def public_id(job_id: UUID) -> str:
    """The job's id in the public API, ``customer.0190…``: the service it runs in, then its UUID."""
    return f"{current_runtime().service.name}.{job_id}"


def view(job: Job) -> dict[str, Any]:
    """The job as the API shows it."""
    base = f"/api/v1/jobs/{public_id(job.id)}"
    return {
        "id": public_id(job.id),
        "kind": job.kind,
        "state": job.state,
        "progress": {"done": job.done, "total": job.total},
        "counts": job.counts,
        "errors": job.errors,
        "result": {name: value for name, value in job.result.items() if not name.endswith("_file")},
        "file": f"{base}/file" if job.result.get("result_file") else None,
        "rejected_file": f"{base}/rejected" if job.result.get("rejected_file") else None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def accepted(job: Job) -> Response:
    """202 with the job and where to follow it."""
    return json_response(view(job), 202, {"Location": f"/api/v1/jobs/{public_id(job.id)}"})


def run_due(runtime: Runtime, limit: int = 5) -> int:
    """Run up to ``limit`` waiting jobs, one after the other; answers how many were run."""
    ran = 0
    while ran < limit and (job_id := _next_id(runtime)) and run_job(runtime, job_id):
        ran += 1
    return ran


def _waiting() -> Any:
    lapsed = (Job.state == "running") & clock.due(Job.lease_until, LEASE)
    return or_(Job.state == "queued", lapsed)


def _next_id(runtime: Runtime) -> UUID | None:
    with runtime.activate(), system_transaction() as session:
        return session.scalar(select(Job.id).where(_waiting()).order_by(Job.id).limit(1))


def run_job(runtime: Runtime, job_id: UUID) -> bool:
    """Run one job if it is waiting; False when somebody else has it or it is over."""
    with runtime.activate():
        run = _claim(job_id)
        if run is None:
            return False
        logs.set_request_id(f"job-{job_id}")
        set_principal(run[1].principal)
        try:
            _work(runtime, *run)
        except Overtaken:
            log.warning("job overtaken", job=str(job_id), kind=run[0])
        finally:
            set_principal(None)
            logs.set_request_id(None)
        return True


def _work(runtime: Runtime, kind: str, run: JobRun) -> None:
    try:
        result = dict(_function(runtime, kind)(run) or {})
        with system_transaction() as session:
            run.write(session, {"state": "done", "result": result, "finished_at": clock.now(), "lease_until": None})
    except Overtaken:
        raise
    except errors.ProblemError as error:  # what was asked for cannot be done; the job says why
        _fail(run, [entry["message"] for entry in error.entries()])
    except Exception:
        log.exception("job failed", job=str(run.id), kind=kind)
        _fail(run, [say("An unexpected error stopped the job.").spoken()])


def _fail(run: JobRun, reasons: Sequence[str]) -> None:
    with system_transaction() as session:
        errors = [*session.get_one(Job, run.id).errors, *({"message": reason} for reason in reasons)]
        run.write(session, {"state": "failed", "errors": errors, "finished_at": clock.now(), "lease_until": None})


def _function(runtime: Runtime, kind: str) -> JobFunction:
    from .collection import jobs as collection_jobs

    return {**collection_jobs.FUNCTIONS, **runtime.service.jobs}[kind]


def _claim(job_id: UUID) -> tuple[str, JobRun] | None:
    now = clock.now()
    with system_transaction() as session:
        job = session.scalar(select(Job).where(Job.id == job_id, _waiting()).with_for_update(skip_locked=True))
        if job is None:
            return None
        job.state, job.lease_until, job.attempts = "running", now + LEASE, job.attempts + 1
        job.started_at = job.started_at or now
        if job.attempts > ATTEMPTS_MAX:
            job.state, job.finished_at = "failed", now
            reason = say("The job was interrupted too often; start it again.")
            job.errors = [*job.errors, {"message": reason.spoken(language.of(job.principal["locale"]))}]
            return None
        return job.kind, JobRun(job)


def forget_old(session: Session) -> None:
    """Remove jobs that ended more than 90 days ago; their files are gone before."""
    session.execute(delete(Job).where(Job.finished_at < clock.now() - KEEP))


RETENTION = Schedule(name="jobs.retention", every_s=3600, run=forget_old)


def blueprint() -> Blueprint:
    """``/jobs``: mine, one, its file and its rejected lines."""
    routes = Blueprint("jobs", __name__)

    @routes.get("/<job_id>")
    @requires("signed-in")
    def read_job(job_id: str) -> Response:
        """State, progress, counts and errors of a background job."""
        with transaction() as session:
            return json_response(view(_mine(session, job_id)))

    @routes.get("/<job_id>/file")
    @requires("signed-in")
    @gives("text/csv", XLSX)
    def read_file(job_id: str) -> Response:
        """The file a job made."""
        return _file(job_id, "result_file")

    @routes.get("/<job_id>/rejected")
    @requires("signed-in")
    @gives("text/csv")
    def read_rejected(job_id: str) -> Response:
        """The lines an import refused, each with its error, ready to be corrected and sent again."""
        return _file(job_id, "rejected_file")

    @routes.post("/<job_id>/undo")
    @requires("signed-in", idempotency_key=True)
    @gives("application/json", status=202)
    def undo(job_id: str) -> Response:
        """Delete again what an import created."""
        with transaction() as session:
            job = _mine(session, job_id)
            if job.kind != "import" or job.state not in {"done", "failed"}:
                raise errors.StateConflict(say("Only an import that has ended can be undone."))
            return accepted(submit(session, "import-undo", {"job_id": str(job.id), "resource": job.args["resource"]}))

    return routes


def _mine(session: Session, job_id: str) -> Job:
    try:
        job = session.get(Job, UUID(job_id.rpartition(".")[2]))
    except ValueError as error:
        raise errors.NotFound from error
    if job is None or job.user_id != current_principal().user_id:
        raise errors.NotFound
    return job


def _file(job_id: str, name: str) -> Response:
    with transaction() as session:
        job = _mine(session, job_id)
        if not job.result.get(name):
            raise errors.NotFound(say("This job has no such file."))
        return files.download(session.get_one(files.File, UUID(job.result[name])))


def lag(session: Session) -> dict[str, int]:
    """How many jobs wait: for health and the launcher."""
    return {"jobs_waiting": session.scalar(select(func.count()).where(_waiting())) or 0}
