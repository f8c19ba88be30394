"""The background jobs every collection has: import, its undoing, export, and bulk actions over many records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from . import bulk
from .declaration import Collection
from .exports import run_export
from .imports import batches, collection_of, run_import, run_undo

IDS_AT_ONCE = 10_000
"""How many records found by a filter are held in memory; the others are asked for when these are done."""


def run_bulk(run: JobRun) -> dict[str, Any]:
    """A bulk action over more records than fit in a request."""
    collection = collection_of(run.args["resource"])
    for name in ("ok", "error"):
        run.counts.setdefault(name, 0)
    done, total = run.cursor.get("start", 0), len(run.args["ids"] or ()) or None
    for batch in _left(run, collection):
        with transaction(run.scope) as session:
            results = bulk.apply(session, collection, run.args["action"], batch, run.args["args"])
            for result in results:
                run.counts[result["status"]] += 1
            run.errors += [plain(result) for result in results if result["status"] == "error"]
            done += len(results)
            run.save(session, done=done, total=total, start=done, after=str(batch[-1]))
        run.give_way()
    return {}


def _left(run: JobRun, collection: Collection) -> Iterator[list[UUID]]:
    """The records still to be worked on, in a steady order and in batches."""
    if run.args["ids"]:
        yield from batches([UUID(item) for item in run.args["ids"]][run.cursor.get("start", 0) :])
        return
    while found := _next(run, collection):
        yield from batches(found)


def _next(run: JobRun, collection: Collection) -> list[UUID]:
    """The next records that match the job's filter, IDS_AT_ONCE at most; none when it is at its end.

    What is done already may have changed what matches the filter, so that a job does not go on by place in a list found
    anew, but behind the last id it did, and up to the last one that matched when it began.
    """
    filter_ = run.args["filter"] or {}
    with transaction(run.scope) as session:
        if "until" not in run.cursor:
            count, last = bulk.extent(session, collection, filter_)
            if last is None:
                return []
            run.save(session, done=0, total=count, until=str(last))
        after, until = (UUID(run.cursor[name]) if name in run.cursor else None for name in ("after", "until"))
        return bulk.matching(session, collection, filter_, IDS_AT_ONCE, after=after, until=until)


FUNCTIONS: dict[str, Callable[[JobRun], dict[str, Any]]] = {
    "import": run_import,
    "import-undo": run_undo,
    "export": run_export,
    "bulk": run_bulk,
}
