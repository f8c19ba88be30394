"""The background jobs every collection has: import, its undoing, export, and bulk actions over many records."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import openpyxl
import orjson
import xlsxwriter
from sqlalchemy import Index, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from .. import errors, files, org
from ..database import transaction
from ..http import plain
from ..jobs import JobRun
from ..service import current_runtime
from ..tables import ChassisBase
from . import bulk, listing, writing
from .declaration import Collection

BATCH = 200
ROWS_MAX = 200_000


class ImportedRow(ChassisBase):
    """Which record an import created from which line, so that it can be undone."""

    __tablename__ = "imported_rows"
    __table_args__ = (Index("ix_imported_rows_job", "job_id", "line"),)

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int]


def _collection(resource: str) -> Collection:
    return next(item for item in current_runtime().service.collections if item.resource == resource)


# --- import -----------------------------------------------------------------------------------------------------------


def run_import(run: JobRun) -> dict[str, Any]:
    """Import a file in batches of 200 lines, each in one transaction; lines with errors are set aside with them.

    A job that was cut off goes on after the last finished batch. ``dry_run`` checks everything and writes nothing.
    """
    collection = _collection(run.args["resource"])
    with transaction(run.scope) as session:
        content = session.get_one(files.File, UUID(run.args["file_id"]))
        header, lines = _table(content)
    columns = _columns(collection, header, run.args["mapping"])
    for name in ("created", "updated", "rejected"):
        run.counts.setdefault(name, 0)
    rejected: list[list[str]] = run.cursor.setdefault("rejected", [])
    numbered = enumerate(lines, start=2)
    todo = [item for item in numbered if item[0] > run.cursor.get("line", 1)]
    total = run.cursor.get("line", 1) - 1 + len(todo)
    for batch in _batches(todo):
        with transaction(run.scope) as session:
            _import_batch(session, run, collection, columns, batch, rejected)
            run.save(session, done=batch[-1][0] - 1, total=total, line=batch[-1][0], rejected=rejected)
    return _rejected_file(run, header, rejected)


def _batches(items: list[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _table(file: files.File) -> tuple[list[str], list[list[str]]]:
    content = files.read(file)
    is_workbook = "spreadsheet" in file.media_type or file.name.lower().endswith(".xlsx")
    rows = list(islice(_sheet(content) if is_workbook else _csv(content), ROWS_MAX + 2))
    if not rows:
        raise errors.field_error("/file", "empty", "The file has no lines.")
    if len(rows) > ROWS_MAX + 1:
        raise errors.field_error("/file", "too_long", f"Split the file: {ROWS_MAX} lines at most.")
    return [cell.strip() for cell in rows[0]], rows[1:]


def _csv(content: bytes) -> Iterator[list[str]]:
    """Lines of a CSV file in UTF-8 (with or without mark) or GB 18030, separated by comma, semicolon or tab."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return (row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row))


def _sheet(content: bytes) -> Iterator[list[str]]:
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (ValueError, KeyError, OSError) as error:
        raise errors.field_error("/file", "unreadable", "This is not an XLSX workbook.") from error
    for row in workbook.worksheets[0].iter_rows(values_only=True):
        cells = ["" if cell is None else str(plain(cell)) for cell in row]
        if any(cells):
            yield cells


def _columns(collection: Collection, header: list[str], mapping: dict[str, str]) -> dict[int, str]:
    """Column number -> field. Without a mapping a column is found by the field's name or either label."""
    writable = {name: spec for name, spec in collection.loader.fields.items() if not spec.dump_only}
    names: dict[str, str] = {}
    for name, spec in writable.items():
        labels = spec.metadata.get("crm", {}).get("label", ())
        names |= {label.lower(): name for label in (name, *labels)}
    found: dict[int, str] = {}
    for index, title in enumerate(header):
        target = mapping.get(title) if mapping else names.get(title.lower(), title if "custom." in title else None)
        if target:
            base = target.split(".", 1)[0]
            if base not in writable:
                raise errors.field_error("/mapping", "unknown_field", f"{target} is not a field that can be imported.")
            found[index] = target
    missing = [name for name, spec in writable.items() if spec.required and name not in found.values()]
    if missing and collection.import_keys == ():
        raise errors.field_error("/mapping", "required", f"Map a column to {', '.join(missing)}.")
    if not found:
        raise errors.field_error("/mapping", "required", "No column of the file matches a field; send a mapping.")
    return found


def _import_batch(
    session: Session,
    run: JobRun,
    collection: Collection,
    columns: dict[int, str],
    batch: list[tuple[int, list[str]]],
    rejected: list[list[str]],
) -> None:
    references = _references(session, collection, columns, batch)
    existing = _existing(session, run, collection, columns, batch)
    made: list[dict[str, Any]] = []
    for line, cells in batch:
        try:
            with session.begin_nested() as savepoint:
                body = _body(collection, columns, cells, references)
                record = _import_row(session, run, collection, body, existing)
                if run.args["dry_run"]:
                    savepoint.rollback()
            if record is not None and not run.args["dry_run"]:
                made.append({"job_id": run.id, "record_id": record.id, "line": line})
        except errors.ProblemError as error:
            _reject(run, rejected, line, cells, error.errors or [{"pointer": "/", "message": error.detail}])
        except IntegrityError as error:
            _reject(run, rejected, line, cells, [{"pointer": "/", "message": str(error.orig).split("\n", 1)[0]}])
    if made:
        session.execute(insert(ImportedRow), made)


def _reject(run: JobRun, rejected: list[list[str]], line: int, cells: list[str], found: list[dict[str, str]]) -> None:
    run.counts["rejected"] += 1
    run.errors.append({"line": line, "errors": found})
    reasons = "; ".join(f"{entry['pointer']} {entry['message']}" for entry in found)
    rejected.append([*cells, reasons])


def _import_row(
    session: Session, run: JobRun, collection: Collection, body: dict[str, Any], existing: dict[str, UUID]
) -> Any | None:
    """Create or update one record; answers it when it was created."""
    key = run.args["key"]
    known = existing.get(str(body.get(key))) if key else None
    if known is not None:
        record = writing.get_for(session, collection, known, f"{collection.resource}:update")
        writing.change(session, collection, record, body)
        run.counts["updated"] += 1
        return None
    if run.args["mode"] == "update":
        raise errors.field_error(f"/{key}", "unknown", f"No record has this {key}.")
    record = writing.create(session, collection, body)
    run.counts["created"] += 1
    return record


def _existing(
    session: Session,
    run: JobRun,
    collection: Collection,
    columns: dict[int, str],
    batch: list[tuple[int, list[str]]],
) -> dict[str, UUID]:
    key = run.args["key"]
    index = next((i for i, name in columns.items() if name == key), None)
    if key is None or run.args["mode"] == "create":
        return {}
    if index is None:
        raise errors.field_error("/mapping", "required", f"Map a column to {key}, by which records are found.")
    values = {cells[index].strip() for _, cells in batch if index < len(cells)}
    column = getattr(collection.model, key)
    return {
        str(value): found
        for value, found in session.execute(select(column, collection.model.id).where(column.in_(values)))
    }


def _references(
    session: Session, collection: Collection, columns: dict[int, str], batch: list[tuple[int, list[str]]]
) -> dict[str, dict[str, UUID]]:
    found: dict[str, dict[str, UUID]] = {}
    for index, name in columns.items():
        lookup = collection.lookups.get(name) or _identity_lookup(collection, name)
        if lookup:
            texts = {cells[index].strip() for _, cells in batch if index < len(cells) and cells[index].strip()}
            found[name] = dict(lookup(session, texts))
    return found


def _identity_lookup(collection: Collection, name: str) -> Callable[[Session, set[str]], dict[str, UUID]] | None:
    """Users may be written by sign-in name and units by code in every file."""
    spec = collection.loader.fields.get(name)
    crm = spec.metadata.get("crm", {}) if spec else {}
    if crm.get("kind") != "ref" or crm.get("resource") not in {"user", "org_unit"}:
        return None
    model, column = (
        (org.OrgUser, org.OrgUser.username) if crm["resource"] == "user" else (org.OrgUnit, org.OrgUnit.code)
    )

    def find(session: Session, texts: set[str]) -> dict[str, UUID]:
        return {row[0]: row[1] for row in session.execute(select(column, model.id).where(column.in_(texts)))}

    return find


def _body(
    collection: Collection, columns: dict[int, str], cells: list[str], references: dict[str, dict[str, UUID]]
) -> dict[str, Any]:
    """The JSON body that one line stands for; empty cells are left out."""
    body: dict[str, Any] = {}
    for index, name in columns.items():
        cell = cells[index].strip() if index < len(cells) else ""
        if not cell:
            continue
        if name.startswith("custom."):
            body.setdefault("custom", {})[name.removeprefix("custom.")] = cell
        else:
            body[name] = _cell(collection, name, cell, references.get(name))
    return body


def _cell(collection: Collection, name: str, cell: str, known: dict[str, UUID] | None) -> Any:
    spec = collection.loader.fields[name]
    kind = spec.metadata.get("crm", {}).get("kind")
    if known is not None:
        if cell not in known:
            raise errors.field_error(f"/{name}", "unknown", f"There is no {name.removesuffix('_id')} {cell} for you.")
        return str(known[cell])
    if kind == "money":
        amount, _, currency = cell.partition(" ")
        return {"amount": amount.replace(",", ""), "currency": currency or "CNY"}
    if kind == "integer":
        return int(cell) if cell.lstrip("-").isdigit() else cell
    if kind == "boolean":
        return {"true": True, "是": True, "yes": True, "1": True}.get(cell.lower(), False)
    if kind in {"texts", "refs"}:
        return [part.strip() for part in cell.replace("，", ",").split(",") if part.strip()]
    if kind in {"rows", "object"}:
        return orjson.loads(cell)
    if kind == "choice":
        return _option_value(spec, cell)
    return cell


def _option_value(spec: Any, cell: str) -> str:
    """A choice may be written as its value or as either label."""
    for option in spec.metadata["crm"].get("options", ()):
        if cell == option["value"] or cell in option["label"]:
            return str(option["value"])
    return cell


def _rejected_file(run: JobRun, header: list[str], rejected: list[list[str]]) -> dict[str, Any]:
    result: dict[str, Any] = {"dry_run": run.args["dry_run"]}
    if rejected:
        with transaction(run.scope) as session:
            content = _to_csv([[*header, "error"], *rejected])
            stored = files.save(session, content, name="rejected.csv", resource="import")
            result["rejected_file"] = str(stored.id)
    return result


def run_undo(run: JobRun) -> dict[str, Any]:
    """Delete the records an import created, in batches, leaving those the caller may not delete."""
    collection = _collection(run.args["resource"])
    run.counts.setdefault("deleted", 0)
    with transaction(run.scope) as session:
        created = list(
            session.scalars(select(ImportedRow.record_id).where(ImportedRow.job_id == UUID(run.args["job_id"])))
        )
    for start in range(run.cursor.get("start", 0), len(created), BATCH):
        with transaction(run.scope) as session:
            results = bulk.apply(session, collection, "delete", created[start : start + BATCH], {})
            run.counts["deleted"] += sum(result["status"] == "ok" for result in results)
            run.save(session, done=start + len(results), total=len(created), start=start + BATCH)
    return {}


# --- bulk and export --------------------------------------------------------------------------------------------------


def run_bulk(run: JobRun) -> dict[str, Any]:
    """A bulk action over more records than fit in a request."""
    collection = _collection(run.args["resource"])
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


def run_export(run: JobRun) -> dict[str, Any]:
    """Write the caller's list to a file, page by page, through the caller's scope and field access."""
    collection = _collection(run.args["resource"])
    shown = [name for name, _ in collection._getters_for(run.principal, None)]  # noqa: SLF001  same package
    names = [name for name in run.args["fields"] or shown if name in shown or name.startswith("custom.")]
    rows = _exported(run, collection, names)
    titles = [_title(collection, name, run.principal.locale) for name in names]
    write = _to_xlsx if run.args["format"] == "xlsx" else _to_csv
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
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else _inert(str(value))


def _inert(text: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and not text.removeprefix("+").isdigit() else text


def _title(collection: Collection, name: str, locale: str) -> str:
    spec = collection.loader.fields.get(name)
    labels = spec.metadata.get("crm", {}).get("label") if spec else None
    return labels[0 if locale.startswith("zh") else 1] if labels else name


def _to_csv(rows: Iterable[list[str]]) -> bytes:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue().encode("utf-8-sig")


def _to_xlsx(rows: Iterable[list[str]]) -> bytes:
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet()
    for index, row in enumerate(rows):
        sheet.write_row(index, 0, row)
    workbook.close()
    return target.getvalue()


FUNCTIONS: dict[str, Callable[[JobRun], dict[str, Any]]] = {
    "import": run_import,
    "import-undo": run_undo,
    "export": run_export,
    "bulk": run_bulk,
}
