"""Building the read models anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from crm_chassis import inbox
from crm_chassis.database import system_transaction
from crm_chassis.jobs import JobRun
from crm_contracts.events import REGISTRY

from ..desktop.models import Task
from ..figures import actions as figures
from ..figures.models import CustomerFigure, Figure
from ..records.models import KnownRecord
from ..search.models import Document
from . import actions, consumers


def rebuild(run: JobRun) -> dict[str, Any]:
    """Derive documents, tasks and figures anew from the known records, then sum the figures from the ground up.

    Works in batches while events go on arriving; a job that was cut off goes on where it was.
    """
    done = run.cursor.get("done", 0)
    after: tuple[str, UUID] | None = _cursor(run)
    while after:
        with system_transaction() as session:
            after = actions.rederive(session, after)
            if after:
                done += actions.BATCH
                run.save(session, done=done, resource=after[0], record_id=str(after[1]))
        if after:
            run.give_way()
    with system_transaction() as session:
        return {"figures": figures.recount(session)}


def _cursor(run: JobRun) -> tuple[str, UUID]:
    if "record_id" not in run.cursor:
        return actions.BEGINNING
    return run.cursor["resource"], UUID(run.cursor["record_id"])


def start_over(session: Session) -> None:
    """Forget everything and read every event again, as replays.

    Only for an installation whose services still keep their whole history: an outbox forgets after 30 days.
    """
    for model in (Task, Document, CustomerFigure, Figure, KnownRecord):
        session.execute(delete(model))
    sources = {REGISTRY[name].service for name in consumers.HANDLERS}
    for source in sorted(sources):
        inbox.replay_from(session, source, 0)


JOBS = {"rebuild": rebuild}
