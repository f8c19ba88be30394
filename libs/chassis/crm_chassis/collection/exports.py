"""Exports: the caller's list as a file, through the caller's scope and field access."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from .. import files, language, outbox, scope
from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from ..service import current_runtime
from . import bulk, listing
from .access import HIDDEN
from .declaration import Collection
from .imports import ROWS_MAX, collection_of
from .spreadsheets import inert, to_csv, to_xlsx


def run_export(run: JobRun) -> dict[str, Any]:
    """Write the caller's list to a file, page by page: what their export permission reaches, through their field access.

    The file is announced in the transaction that stores it, so that no export goes unlogged; a job that was cut off
    afterwards makes no second one.
    """
    if "file" in run.cursor:
        return {"result_file": run.cursor["file"]}
    collection = collection_of(run.args["resource"])
    access = collection.access(run.principal)
    known = [name for name, _ in collection.getters_for(run.principal, None)]
    asked = run.args["fields"] or known
    names = [name for name in asked if name in known or (name.startswith("custom.") and access.to(name) != HIDDEN)]
    rows = _exported(run, collection, names)
    titles = [_title(collection, name) for name in names]
    write = to_xlsx if run.args["format"] == "xlsx" else to_csv
    content = write([titles, *rows])
    with transaction(run.scope) as session:
        name = f"{collection.name}.{run.args['format']}"
        stored = files.save(session, content, name=name, resource="export")
        run.counts["rows"] = len(rows)
        run.save(session, done=len(rows), total=len(rows), file=str(stored.id))
        _announce(session, run, collection, fields=names, rows=len(rows))
    return {"result_file": str(stored.id)}


def _announce(session: Session, run: JobRun, collection: Collection, *, fields: list[str], rows: int) -> None:
    """Tell who exported what: the gateway puts it into the audit log."""
    facts = {
        "id": run.id,
        "version": 1,
        "unit_id": run.principal.unit_id,
        "owner_id": run.principal.user_id,
        "username": run.principal.username,
        "collection": collection.name,
        "format": run.args["format"],
        "filter": bulk.as_query(run.args["filter"]),
        "fields": fields,
        "rows": rows,
    }
    event_type = f"crm.{current_runtime().service.name}.export.finished.v1"
    outbox.record(session, event_type, run.id, facts, version=1, unit_id=run.principal.unit_id)


def _exported(run: JobRun, collection: Collection, names: list[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    cursor: str | None = None
    while True:
        query = bulk.as_query(run.args["filter"]) | {"limit": str(listing.LIMIT_MAX), "sort": "id"}
        if cursor:
            query["cursor"] = cursor
        with transaction(run.scope) as session:
            wanted = listing.asked(collection, query)
            found = listing.page(session, collection, wanted, _exportable(run, collection))
            rows += [[_export_cell(item, name) for name in names] for item in found["items"]]
            run.save(session, done=len(rows))
        cursor = found["next_cursor"]
        if cursor is None or len(rows) >= ROWS_MAX:
            return rows


def _exportable(run: JobRun, collection: Collection) -> Select[Any]:
    """Of the records that the caller may read, which the session sees to, those that they may export as well."""
    reach, every = scope.predicate(collection.model, run.principal, "export"), select(collection.model)
    return every if reach is None else every.where(reach)


def _export_cell(item: dict[str, Any], name: str) -> str:
    custom = item.get("custom") or {}
    value = custom.get(name.removeprefix("custom.")) if name.startswith("custom.") else item.get(name)
    if value is None:
        return ""
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    value = plain(value)
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else inert(str(value))


def _title(collection: Collection, name: str) -> str:
    label = collection.label_of(name)
    return label if isinstance(label, str) else language.pick(label)
