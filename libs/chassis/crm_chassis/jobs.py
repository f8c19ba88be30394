"""Background jobs with progress: a row that a worker claims with a lease, so that a killed worker loses nothing.

A job's function is called with a ``JobRun`` and opens its own transactions, small ones, saving how far it came with
``run.save(session, …)`` in each and letting others have their turn with ``run.give_way()`` between them. A job whose worker
died, or whose database went away, is taken up again from there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Response
from sqlalchemy import String, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import background, clock, errors, files, ids, inbox, language, logs
from .database import system_transaction, transaction
from .http import XLSX, Blueprint, gives, json_response
from .identity import claims_of, current_principal, principal_of, requires, set_principal
from .language import Sentence, say
from .schedules import Schedule
from .scope import Scope
from .service import Runtime, current_runtime
from .tables import ChassisBase

if TYPE_CHECKING:
    from .service import JobFunction

log = structlog.get_logger("jobs")

LEASE = timedelta(seconds=90)
_LEASE_LEFT = LEASE * 2 / 3
TURN_S = 15.0
"""How long a job works while others wait; longer when it took longer to get ready, so that it gets on at all."""
_LOOK_AGAIN_S = 1.0
ATTEMPTS_MAX = 8
"""How often in a row a job may be cut off without having come any further; with the pauses that takes five minutes."""
_PAUSE_FIRST_S, _PAUSE_LONGEST_S = 5, 60
ERRORS_KEPT = 1000
KEEP = timedelta(days=90)


class Job(ChassisBase):
    """One piece of background work. state: queued, running, done, failed. cursor: where to go on after a crash.

    attempts: how often it was taken up. setbacks: how often it was cut off since it last came further than ever. One that
    runs without a lease let others go first; queued_at: since when it waits for its turn.
    """

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
    setbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    queued_at: Mapped[datetime] = mapped_column(default=clock.now, server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Overtaken(Exception):
    """The lease ran out while this worker stood still, and another has the job now: what was not committed is undone."""


class GaveWay(Exception):
    """The job's turn is over and others wait: it goes on at its cursor behind them."""


class JobRun:
    """A job while it runs: its arguments, the scope of whoever asked, and how far it came."""

    def __init__(self, job: Job) -> None:
        self.id = job.id
        self.kind = job.kind
        self.attempt = job.attempts
        self.setbacks = job.setbacks
        self.args: Mapping[str, Any] = job.args
        self.cursor: dict[str, Any] = dict(job.cursor)
        self.counts: dict[str, Any] = dict(job.counts)
        self.errors: list[Any] = list(job.errors)
        self.principal = principal_of(job.principal)
        self.scope = Scope(self.principal)
        self._leased_until = job.lease_until or clock.now()
        self._began = time.monotonic()
        self._turn_ends: float | None = None

    def save(self, session: Session, *, done: int, total: int | None = None, **cursor: Any) -> None:
        """Record progress in the transaction of the work itself, and keep the lease. Raises Overtaken.

        What was done once stays done: a smaller number than the last one changes nothing.
        """
        self.cursor |= cursor
        del self.errors[ERRORS_KEPT:]
        self._leased_until = clock.now() + LEASE
        values: dict[str, Any] = {
            "done": func.greatest(Job.done, done),
            "setbacks": case((Job.done < done, 0), else_=Job.setbacks),
            "cursor": self.cursor,
            "counts": self.counts,
            "errors": self.errors,
            "lease_until": self._leased_until,
        }
        if total is not None:
            values["total"] = total
        self.write(session, values)
        if self._turn_ends is None:
            now = time.monotonic()
            self._turn_ends = now + max(TURN_S, now - self._began)

    def hold(self) -> None:
        """Keep the lease through long work between two transactions; costs nothing to be called often. Raises Overtaken."""
        background.moves()
        now = clock.now()
        if self._leased_until - now > _LEASE_LEFT:
            return
        with system_transaction() as session:
            self.write(session, {"lease_until": now + LEASE})
        self._leased_until = now + LEASE

    def turn_is_over(self) -> bool:
        """Whether the job had its turn, which begins with the first progress, and another one waits."""
        now = time.monotonic()
        if self._turn_ends is None or now < self._turn_ends:
            return False
        self._turn_ends = now + _LOOK_AGAIN_S
        with system_transaction() as session:
            return session.scalar(select(Job.id).where(Job.id != self.id, _waiting()).limit(1)) is not None

    def give_way(self) -> None:
        """Let those that wait go first, when the job had its turn: between two transactions. Raises GaveWay."""
        if self.turn_is_over():
            raise GaveWay

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
    free = or_(Job.lease_until.is_(None), clock.due(Job.lease_until, LEASE))
    return or_(Job.state == "queued", (Job.state == "running") & free)


def _next_id(runtime: Runtime) -> UUID | None:
    with runtime.activate(), system_transaction() as session:
        return session.scalar(select(Job.id).where(_waiting()).order_by(Job.queued_at, Job.id).limit(1))


def run_job(runtime: Runtime, job_id: UUID) -> bool:
    """Run one job if it is waiting; False when somebody else has it or it is over."""
    with runtime.activate():
        run = _claim(job_id)
        if run is None:
            return False
        logs.set_request_id(f"job-{job_id}")
        set_principal(run.principal)
        try:
            _work(runtime, run)
        except Overtaken:
            log.warning("job overtaken", job=str(job_id), kind=run.kind)
        finally:
            set_principal(None)
            logs.set_request_id(None)
        return True


def _work(runtime: Runtime, run: JobRun) -> None:
    try:
        result = dict(_function(runtime, run.kind)(run) or {})
        with system_transaction() as session:
            run.write(session, {"state": "done", "result": result, "finished_at": clock.now(), "lease_until": None})
    except Overtaken:
        raise
    except GaveWay:
        with system_transaction() as session:
            run.write(session, {"lease_until": None, "queued_at": clock.now()})
    except errors.ProblemError as error:  # what was asked for cannot be done; the job says why
        _fail(run, [entry["message"] for entry in error.entries()])
    except Exception as error:
        if _is_trouble(error):
            _postpone(run, error)
            return
        log.exception("job failed", job=str(run.id), kind=run.kind)
        _fail(run, [say("An unexpected error stopped the job.").spoken()], unexpected=True)


def _is_trouble(error: Exception) -> bool:
    """Whether the surroundings failed and not the job: it may well succeed when it goes on a while later."""
    return isinstance(error, inbox.TROUBLE) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _postpone(run: JobRun, error: Exception) -> None:
    """Leave the job running on a short lease, so that it goes on at its cursor; a database that is away lets it lapse."""
    log.warning("job interrupted", job=str(run.id), kind=run.kind, error=f"{type(error).__name__}: {error}")
    pause = timedelta(seconds=min(_PAUSE_FIRST_S * 2**run.setbacks, _PAUSE_LONGEST_S))
    with suppress(*inbox.TROUBLE), system_transaction() as session:
        run.write(session, {"lease_until": clock.now() + pause})


def _fail(run: JobRun, reasons: Sequence[str], *, unexpected: bool = False) -> None:
    with system_transaction() as session:
        job = session.get_one(Job, run.id)
        if unexpected:
            reasons = [*reasons, _how_to_go_on(job).spoken()]
        found = [*job.errors, *({"message": reason} for reason in reasons)]
        run.write(session, {"state": "failed", "errors": found, "finished_at": clock.now(), "lease_until": None})


def _how_to_go_on(job: Job) -> Sentence:
    """What a job that was cut off for good has done, and what its user can do about the rest."""
    line = job.cursor.get("line", 1)
    if job.kind == "import" and line > 1 and not job.args.get("dry_run"):
        return say(
            "The file is imported up to line {line}: import the lines after it as a file of their own.", line=line
        )
    if job.kind == "bulk" and job.done:
        return say("{done} of {total} records are done: start it again for the others.", done=job.done, total=job.total)
    return say("Start it again.")


def _function(runtime: Runtime, kind: str) -> JobFunction:
    from .collection import jobs as collection_jobs

    return {**collection_jobs.FUNCTIONS, **runtime.service.jobs}[kind]


def _claim(job_id: UUID) -> JobRun | None:
    now = clock.now()
    with system_transaction() as session:
        job = session.scalar(select(Job).where(Job.id == job_id, _waiting()).with_for_update(skip_locked=True))
        if job is None:
            return None
        if job.state == "running" and job.lease_until is not None:
            job.setbacks += 1
        if job.setbacks >= ATTEMPTS_MAX:
            _give_up(job)
            return None
        job.state, job.lease_until, job.attempts = "running", now + LEASE, job.attempts + 1
        job.started_at = job.started_at or now
        return JobRun(job)


def _give_up(job: Job) -> None:
    reason = say("The job was cut off {times} times in a row and is given up.", times=job.setbacks)
    told = language.of(job.principal["locale"])
    job.state, job.lease_until, job.finished_at = "failed", None, clock.now()
    job.errors = [*job.errors, *({"message": each.spoken(told)} for each in (reason, _how_to_go_on(job)))]


def forget_old(session: Session) -> None:
    """Remove jobs that ended more than 90 days ago; their files are gone before."""
    session.execute(delete(Job).where(Job.finished_at < clock.now() - KEEP))


RETENTION = Schedule(name="jobs.retention", every_s=3600, run=forget_old)


def blueprint() -> Blueprint:
    """``/jobs``: one of the caller's, its file and its rejected lines."""
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
