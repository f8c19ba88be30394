"""The background jobs every collection has: import, its undoing, export, and bulk actions over many records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from . import bulk
from .exports import run_export
from .imports import BATCH, ROWS_MAX, collection_of, run_import, run_undo


def run_bulk(run: JobRun) -> dict[str, Any]:
    """A bulk action over more records than fit in a request."""
    collection = collection_of(run.args["resource"])
    with transaction(run.scope) as session:
        ids = [UUID(item) for item in run.args["ids"] or []] or bulk.matching(
            session, collection, run.args["filter"] or {}, ROWS_MAX
        )
    for name in ("ok", "error"):
        run.counts.setdefault(name, 0)
    for start in range(run.cursor.get("start", 0), len(ids), BATCH):
        with transaction(run.scope) as session:
            results = bulk.apply(session, collection, run.args["action"], ids[start : start + BATCH], run.args["args"])
            for result in results:
                run.counts[result["status"]] += 1
            run.errors += [plain(result) for result in results if result["status"] == "error"]
            run.save(session, done=start + len(results), total=len(ids), start=start + BATCH)
    return {}


FUNCTIONS: dict[str, Callable[[JobRun], dict[str, Any]]] = {
    "import": run_import,
    "import-undo": run_undo,
    "export": run_export,
    "bulk": run_bulk,
}
