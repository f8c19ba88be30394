"""Exports: the caller's list as a file, through the caller's scope and field access."""

from __future__ import annotations

from typing import Any

import orjson

from .. import files, language
from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from . import bulk, listing
from .declaration import Collection
from .imports import ROWS_MAX, collection_of
from .spreadsheets import inert, to_csv, to_xlsx


def run_export(run: JobRun) -> dict[str, Any]:
    """Write the caller's list to a file, page by page, through the caller's scope and field access."""
    collection = collection_of(run.args["resource"])
    shown = [name for name, _ in collection.getters_for(run.principal, None)]
    names = [name for name in run.args["fields"] or shown if name in shown or name.startswith("custom.")]
    rows = _exported(run, collection, names)
    titles = [_title(collection, name) for name in names]
    write = to_xlsx if run.args["format"] == "xlsx" else to_csv
    content = write([titles, *rows])
    with transaction(run.scope) as session:
        name = f"{collection.name}.{run.args['format']}"
        stored = files.save(session, content, name=name, resource="export")
        run.counts["rows"] = len(rows)
        run.save(session, done=len(rows), total=len(rows))
    return {"result_file": str(stored.id)}


def _exported(run: JobRun, collection: Collection, names: list[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    cursor: str | None = None
    while True:
        query = bulk.as_query(run.args["filter"]) | {"limit": str(listing.LIMIT_MAX), "sort": "id"}
        if cursor:
            query["cursor"] = cursor
        with transaction(run.scope) as session:
            found = listing.page(session, collection, listing.asked(collection, query))
            rows += [[_export_cell(item, name) for name in names] for item in found["items"]]
            run.save(session, done=len(rows))
        cursor = found["next_cursor"]
        if cursor is None or len(rows) >= ROWS_MAX:
            return rows


def _export_cell(item: dict[str, Any], name: str) -> str:
    value = item["custom"].get(name.removeprefix("custom.")) if name.startswith("custom.") else item.get(name)
    if value is None:
        return ""
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    value = plain(value)
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else inert(str(value))


def _title(collection: Collection, name: str) -> str:
    label = collection.label_of(name)
    return label if isinstance(label, str) else language.pick(label)
