"""The lines that an import refuses: set aside with their errors as it goes, given back as a file at its end."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, delete, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from .. import files
from ..database import transaction
from ..jobs import Job, JobRun
from ..language import say
from ..tables import ChassisBase
from .declaration import Collection
from .spreadsheets import write_csv

_AT_ONCE = 1000


class RejectedRow(ChassisBase):
    """A line an import refused, its cells as they came, until the file of refused lines is made."""

    __tablename__ = "rejected_rows"

    job_id: Mapped[UUID] = mapped_column(ForeignKey(Job.id, ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    cells: Mapped[list[Any]] = mapped_column(JSONB)
    reason: Mapped[str]


Rejected = list[dict[str, Any]]
"""The refused lines of one batch."""


def reject(
    run: JobRun,
    rejected: Rejected,
    line: int,
    cells: list[str],
    found: list[dict[str, str]],
    *,
    collection: Collection,
) -> None:
    """Set a line aside with its errors."""
    run.counts["rejected"] += 1
    run.errors.append({"line": line, "errors": found})
    reason = " ".join(_reason(collection, entry) for entry in found)
    rejected.append({"job_id": run.id, "line": line, "cells": cells, "reason": reason})


def _reason(collection: Collection, entry: dict[str, str]) -> str:
    """One error as it stands beside the line: the field by its label, and what is wrong with it."""
    name, *within = entry["pointer"].strip("/").split("/")
    if not name:
        return entry["message"]
    label = f"{name}.{within[0]}" if name == "custom" and within else collection.label_of(name)
    return say("{field}: {reason}", field=label, reason=entry["message"]).spoken()


def set_aside(session: Session, rejected: Rejected) -> None:
    """Keep the refused lines of a batch in its own transaction."""
    if rejected:
        session.execute(insert(RejectedRow), rejected)


def rejected_file(run: JobRun, header: list[str]) -> dict[str, Any]:
    """Give the lines set aside back as a file of the job; answers the job's result.

    A job that was cut off afterwards makes no second file.
    """
    result: dict[str, Any] = {"dry_run": run.args["dry_run"]}
    if run.counts["rejected"] and "rejected_file" not in run.cursor:
        _write(run, header)
    return result | ({"rejected_file": run.cursor["rejected_file"]} if run.counts["rejected"] else {})


def _write(run: JobRun, header: list[str]) -> None:
    with TemporaryFile(dir=files.scratch()) as target:
        write_csv(target, _lines(run, header))
        made = files.put(target, name="rejected.csv", media_type="text/csv", resource="import", alive=run.hold)
    with transaction(run.scope) as session:
        files.keep(session, made)
        session.execute(delete(RejectedRow).where(RejectedRow.job_id == run.id))
        run.save(session, done=0, rejected_file=str(made))


def _lines(run: JobRun, header: list[str]) -> Iterator[list[str]]:
    yield [*header, "error"]
    last = 0
    while True:
        with transaction(run.scope) as session:
            wanted = select(RejectedRow).where(RejectedRow.job_id == run.id, RejectedRow.line > last)
            rows = session.scalars(wanted.order_by(RejectedRow.line).limit(_AT_ONCE)).all()
        for row in rows:
            yield [*row.cells, *[""] * (len(header) - len(row.cells)), row.reason]
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1].line
        run.hold()
