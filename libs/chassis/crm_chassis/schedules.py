"""Recurring work of a service. What is due is a row, so two beats, a late tick or a second worker do no harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import DateTime, Text, false, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .database import system_transaction
from .tables import ChassisBase

if TYPE_CHECKING:
    from .service import Runtime

log = structlog.get_logger()

_RETRY_S = 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work repeated every ``every_s`` seconds. ``run`` gets a system session and must bear being run again."""

    name: str
    every_s: int
    run: Callable[[Session], None]


class ScheduleRow(ChassisBase):
    """When a schedule is due next, and how its last run ended."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    last_run_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)


def schedules_of(runtime: Runtime) -> dict[str, Schedule]:
    """The service's own schedules and those every service has, by name."""
    from . import files, idempotency, inbox, jobs, outbox

    retention = tuple(module.RETENTION for module in (outbox, inbox, idempotency, files, jobs))
    return {each.name: each for each in (*runtime.service.schedules, *retention)}


def run_due(runtime: Runtime) -> list[str]:
    """Run what is due, each in its own transaction; answers the names that were run, failed ones included.

    The row stays locked while its work runs: whoever comes second skips it, and a crash leaves it due.
    """
    known = schedules_of(runtime)
    ran: list[str] = []
    with runtime.activate():
        _declare(known.values())
        while (name := _run_one(known, skip=ran)) is not None:
            ran.append(name)
    return ran


def _declare(schedules: object) -> None:
    rows = [{"name": each.name, "due_at": clock.now()} for each in schedules]  # type: ignore[attr-defined]
    with system_transaction() as session:
        session.execute(insert(ScheduleRow).values(rows).on_conflict_do_nothing())


def _run_one(known: dict[str, Schedule], skip: Sequence[str]) -> str | None:
    name: str | None = None
    try:
        with system_transaction() as session:
            row = session.scalars(_next_due([known[each] for each in known if each not in skip])).first()
            if row is None:
                return None
            name = row.name
            known[name].run(session)
            row.due_at = _next(min(row.due_at, clock.now()), known[name].every_s)
            row.last_run_at, row.last_error = clock.now(), None
    except Exception as error:  # the event loop: one failing schedule must not stop the others
        if name is None:
            raise
        _postpone(name, known[name].every_s, error)
    return name


def _next_due(schedules: Sequence[Schedule]):  # type: ignore[no-untyped-def]
    due = [
        (ScheduleRow.name == each.name) & clock.due(ScheduleRow.due_at, timedelta(seconds=max(each.every_s, _RETRY_S)))
        for each in schedules
    ]
    return (
        select(ScheduleRow)
        .where(or_(false(), *due))
        .order_by(ScheduleRow.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _next(due_at: datetime, every_s: int) -> datetime:
    """The first moment of the schedule's rhythm after now; missed ones are not made up for."""
    late_s = max(0.0, (clock.now() - due_at).total_seconds())
    return due_at + timedelta(seconds=every_s * (late_s // every_s + 1))


def _postpone(name: str, every_s: int, error: Exception) -> None:
    log.error("schedule_failed", schedule=name, exc_info=error)
    with system_transaction() as session:
        session.execute(
            update(ScheduleRow)
            .where(ScheduleRow.name == name)
            .values(
                due_at=clock.now() + timedelta(seconds=min(every_s, _RETRY_S)),
                last_run_at=clock.now(),
                last_error=f"{type(error).__name__}: {error}",
            )
        )
