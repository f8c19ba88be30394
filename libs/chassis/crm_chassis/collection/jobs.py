"""The background jobs every collection has: import, its undoing, export, and bulk actions over many records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from . import bulk
from .declaration import Collection
from .exports import run_export
from .imports import batches, collection_of, run_import, run_undo
from .sources import ROWS_MAX


def run_bulk(run: JobRun) -> dict[str, Any]:
    """A bulk action over more records than fit in a request."""
    collection = collection_of(run.args["resource"])
    for name in ("ok", "error"):
        run.counts.setdefault(name, 0)
    left, done = _left(run, collection), run.cursor.get("start", 0)
    total = done + len(left)
    for batch in batches(left):
        with transaction(run.scope) as session:
            results = bulk.apply(session, collection, run.args["action"], batch, run.args["args"])
            for result in results:
                run.counts[result["status"]] += 1
            run.errors += [plain(result) for result in results if result["status"] == "error"]
            done += len(results)
            run.save(session, done=done, total=total, start=done, after=str(batch[-1]))
        run.give_way()
    return {}


def _left(run: JobRun, collection: Collection) -> list[UUID]:
    """The records still to be worked on, in a steady order.

    What is done already may have changed what matches the filter, so that a job which was cut off does not go on by
    place in a list found anew, but behind the last id it did, and up to the last one that matched when it began.
    """
    if run.args["ids"]:
        return [UUID(item) for item in run.args["ids"]][run.cursor.get("start", 0) :]
    after, until = (UUID(run.cursor[name]) if name in run.cursor else None for name in ("after", "until"))
    with transaction(run.scope) as session:
        found = bulk.matching(session, collection, run.args["filter"] or {}, ROWS_MAX, after=after, until=until)
        if until is None and found:
            run.save(session, done=0, total=len(found), until=str(found[-1]))
    return found


FUNCTIONS: dict[str, Callable[[JobRun], dict[str, Any]]] = {
    "import": run_import,
    "import-undo": run_undo,
    "export": run_export,
    "bulk": run_bulk,
}
