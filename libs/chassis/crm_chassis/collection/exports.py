"""Exports: the caller's list as a file, through the caller's scope and field access.

The rows go from the database to a temporary file and from there to the storage, so that memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from .. import clock, files, language, outbox, scope
from ..database import transaction
from ..http import XLSX, plain
from ..identity import Principal
from ..jobs import GaveWay, JobRun
from ..language import say
from ..service import current_runtime
from . import bulk, listing
from .access import HIDDEN
from .declaration import Collection
from .imports import collection_of
from .spreadsheets import inert, write_csv, write_xlsx

ROWS_MAX = 1_000_000
"""A sheet of a workbook holds some more."""

_MEDIA_TYPES = {"csv": "text/csv", "xlsx": XLSX}
_LINES = "application/x-ndjson"


def run_export(run: JobRun) -> dict[str, Any]:
    """Write the caller's list to a file, page by page: what their export permission reaches, through their field access.

    The file is announced in the transaction that keeps it, so that no export goes unlogged; a job that was cut off
    afterwards makes no second one. Where more than ROWS_MAX records match, the job's result and its errors say so.
    """
    if "file" not in run.cursor:
        collection = collection_of(run.args["resource"])
        with Rows(run) as rows:
            names = _names(run, collection)
            _collect(run, collection, names, rows)
            _finish(run, collection, names, rows)
    return {"result_file": run.cursor["file"], "complete": not run.cursor.get("cut")}


def _names(run: JobRun, collection: Collection) -> list[str]:
    """The fields asked for that the caller may see."""
    access = collection.access(run.principal)
    known = [name for name, _ in collection.getters_for(run.principal, None)]
    asked = run.args["fields"] or known
    return [name for name in asked if name in known or (name.startswith("custom.") and access.to(name) != HIDDEN)]


def _collect(run: JobRun, collection: Collection, names: list[str], rows: Rows) -> None:
    """Read the pages that are left; ``cut``: whether records were left out for being too many."""
    after: str | None = run.cursor.get("after")
    while "cut" not in run.cursor:
        with transaction(run.scope) as session:
            found = _page(session, run, collection, after)
            rows.add([[_export_cell(item, name) for name in names] for item in found["items"]])
            run.save(session, done=rows.count)
        after = found["next_cursor"]
        if after is None or rows.count >= ROWS_MAX:
            run.cursor["cut"] = after is not None
        elif run.turn_is_over():
            rows.lay_aside(after=after)
            raise GaveWay


def _page(session: Session, run: JobRun, collection: Collection, after: str | None) -> dict[str, Any]:
    query = bulk.as_query(run.args["filter"]) | {"limit": str(listing.LIMIT_MAX), "sort": "id"}
    wanted = listing.asked(collection, query | ({"cursor": after} if after else {}), values_most=listing.VALUES_IN_BODY)
    return listing.page(session, collection, wanted, _exportable(run, collection))


def _finish(run: JobRun, collection: Collection, names: list[str], rows: Rows) -> None:
    """Write the file, keep it and tell who has it."""
    kind, scratch = run.args["format"], files.scratch()
    with TemporaryFile(dir=scratch) as target:
        lines = rows.titled([_title(collection, name) for name in names])
        write_xlsx(target, lines, scratch) if kind == "xlsx" else write_csv(target, lines)
        about = {"name": f"{collection.name}.{kind}", "media_type": _MEDIA_TYPES[kind], "resource": "export"}
        made = files.put(target, **about, alive=run.hold)
    run.counts["rows"] = rows.count
    if run.cursor["cut"]:
        told = say("The file holds the first {most} records; narrow the filter for the others.", most=rows.count)
        run.errors.append({"message": told.spoken()})
    with transaction(run.scope) as session:
        files.keep(session, made)
        rows.forget(session)
        run.save(session, done=rows.count, total=rows.count, file=str(made))
        what = {"format": run.args["format"], "filter": bulk.as_query(run.args["filter"]), "fields": names}
        announce(session, run.principal, run.id, collection=collection.name, rows=rows.count, **what)


class Rows:
    """The rows of an export on their way: what earlier turns of the job laid aside in the storage, then this turn's."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._parts: list[str] = run.cursor.get("parts", [])
        self._fresh = TemporaryFile(dir=files.scratch())  # noqa: SIM115  closed by __exit__
        self.count: int = run.cursor.get("rows", 0)

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self._fresh.close()

    def add(self, rows: list[list[str]]) -> None:
        """Put a page behind the others."""
        self._fresh.writelines(orjson.dumps(row) + b"\n" for row in rows)
        self.count += len(rows)

    def lay_aside(self, *, after: str) -> None:
        """Keep this turn's rows, and where the next turn goes on."""
        made = files.put(self._fresh, name="rows", media_type=_LINES, resource="export", alive=self._run.hold)
        self._parts = [*self._parts, str(made)]
        with transaction(self._run.scope) as session:
            files.keep(session, made)
            self._run.save(session, done=self.count, parts=self._parts, rows=self.count, after=after)

    def titled(self, titles: list[str]) -> Iterator[list[str]]:
        """The titles, then every row; the job keeps its lease meanwhile."""
        yield titles
        for part in self._parts:
            with transaction(self._run.scope) as session:
                file = session.get_one(files.File, UUID(part))
            with files.opened(file) as source:
                yield from self._read(source)
        self._fresh.seek(0)
        yield from self._read(self._fresh)

    def _read(self, source: Any) -> Iterator[list[str]]:
        for line in source:
            yield orjson.loads(line)
            self._run.hold()

    def forget(self, session: Session) -> None:
        """Let the retention remove what was laid aside."""
        mine = files.File.id.in_([UUID(part) for part in self._parts])
        session.execute(update(files.File).where(mine).values(deleted_at=clock.now()))


def announce(session: Session, principal: Principal, export_id: UUID, **what: Any) -> None:
    """Tell who exported what: the gateway puts it into the audit log.

    what: ``collection`` (the path below /api/v1), ``format``, ``filter`` (as its query string has it), ``fields``, ``rows``.
    """
    by = {"unit_id": principal.unit_id, "owner_id": principal.user_id, "username": principal.username}
    facts = {"id": export_id, "version": 1, **by, **what}
    event_type = f"crm.{current_runtime().service.name}.export.finished.v1"
    outbox.record(session, event_type, export_id, facts, version=1, unit_id=principal.unit_id)


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
