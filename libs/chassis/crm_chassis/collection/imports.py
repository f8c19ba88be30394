"""Imports: a CSV or XLSX file becomes records, in batches that land whole; lines with errors are set aside.

``table_of``, ``columns_of``, ``references_of``, ``body_of``, ``batches``, ``reject`` and ``rejected_file`` are the steps,
for an import of a slice's own; the cells of custom columns become values by ``cells.custom_values`` once the unit is known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any
from uuid import UUID
from zipfile import BadZipFile

import openpyxl
from marshmallow import ValidationError
from sqlalchemy import Index, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from .. import constraints, custom_fields, errors, files, org
from ..database import transaction
from ..http import plain, pointers
from ..jobs import JobRun
from ..language import say
from ..service import current_runtime
from ..tables import ChassisBase
from . import bulk, writing
from .cells import NAMING, References, custom_values, named, value_of
from .declaration import Collection
from .spreadsheets import to_csv

BATCH = 200
ROWS_MAX = 200_000
_CUSTOM = "custom."

Lookup = Callable[[Session, set[str]], Mapping[str, UUID]]
Batch = list[tuple[int, list[str]]]
"""Lines of a file by their numbers."""


class ImportedRow(ChassisBase):
    """Which record an import created from which line, so that it can be undone."""

    __tablename__ = "imported_rows"
    __table_args__ = (Index("ix_imported_rows_job", "job_id", "line"),)

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int]


def collection_of(resource: str) -> Collection:
    """The running service's collection of a resource."""
    return next(item for item in current_runtime().service.collections if item.resource == resource)


def run_import(run: JobRun) -> dict[str, Any]:
    """Import a file in batches of 200 lines, each in one transaction; lines with errors are set aside with them.

    A job that was cut off goes on after the last finished batch. ``dry_run`` checks everything and writes nothing.
    """
    collection = collection_of(run.args["resource"])
    with transaction(run.scope) as session:
        content = session.get_one(files.File, UUID(run.args["file_id"]))
        header, lines = table_of(content)
    columns = columns_of(collection, header, run.args["mapping"])
    for name in ("created", "updated", "rejected"):
        run.counts.setdefault(name, 0)
    rejected: list[list[str]] = run.cursor.setdefault("rejected", [])
    numbered = enumerate(lines, start=2)
    todo = [item for item in numbered if item[0] > run.cursor.get("line", 1)]
    total = run.cursor.get("line", 1) - 1 + len(todo)
    for batch in batches(todo):
        with transaction(run.scope) as session:
            _import_batch(session, run, collection, columns, batch, rejected)
            run.save(session, done=batch[-1][0] - 1, total=total, line=batch[-1][0], rejected=rejected)
    return rejected_file(run, header, rejected)


def batches(items: list[Any]) -> Iterator[list[Any]]:
    """The items in lists of BATCH."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def table_of(file: files.File) -> tuple[list[str], list[list[str]]]:
    """Header and lines of a CSV or XLSX file. Raises Invalid when it has none, or more than ROWS_MAX."""
    content = files.read(file)
    is_workbook = "spreadsheet" in file.media_type or file.name.lower().endswith(".xlsx")
    rows = list(islice(_sheet(content) if is_workbook else _csv(content), ROWS_MAX + 2))
    if not rows:
        raise errors.field_error("/file", "empty", say("The file has no lines."))
    if len(rows) > ROWS_MAX + 1:
        raise errors.field_error("/file", "too_long", say("Split the file: {most} lines at most.", most=ROWS_MAX))
    return [cell.strip() for cell in rows[0]], rows[1:]


def _csv(content: bytes) -> Iterator[list[str]]:
    """Lines of a CSV file in UTF-8 (with or without mark) or GB 18030, separated by comma, semicolon or tab."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from (row for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise errors.field_error(
            "/file",
            "unreadable",
            say("Line {line} cannot be read: save the file as CSV in UTF-8 again.", line=reader.line_num),
        ) from error


def _sheet(content: bytes) -> Iterator[list[str]]:
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise errors.field_error("/file", "unreadable", say("This is not an XLSX workbook.")) from error
    for row in workbook.worksheets[0].iter_rows(values_only=True):
        cells = ["" if cell is None else str(plain(cell)) for cell in row]
        if any(cells):
            yield cells


def columns_of(collection: Collection, header: list[str], mapping: dict[str, str]) -> dict[int, str]:
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
                raise errors.field_error(
                    "/mapping", "unknown_field", say("{field} is not a field that can be imported.", field=target)
                )
            found[index] = target
    missing = [name for name, spec in writable.items() if spec.required and name not in found.values()]
    if missing and collection.import_keys == ():
        raise errors.field_error(
            "/mapping",
            "required",
            say("Map a column to {fields}.", fields=[collection.label_of(name) for name in missing]),
        )
    if not found:
        raise errors.field_error("/mapping", "required", say("No column of the file matches a field; send a mapping."))
    return found


def _import_batch(
    session: Session,
    run: JobRun,
    collection: Collection,
    columns: dict[int, str],
    batch: Batch,
    rejected: list[list[str]],
) -> None:
    references = references_of(session, collection, columns, batch)
    existing = _existing(session, run, collection, columns, batch)
    made: list[dict[str, Any]] = []
    for line, cells in batch:
        try:
            with session.begin_nested() as savepoint:
                body = body_of(collection, columns, cells, references)
                record = _import_row(session, run, collection, body, existing, references)
                if run.args["dry_run"]:
                    savepoint.rollback()
            if record is not None and not run.args["dry_run"]:
                made.append({"job_id": run.id, "record_id": record.id, "line": line})
                if run.args["mode"] != "create":
                    existing[getattr(record, run.args["key"])] = record.id
        except errors.ProblemError as error:
            reject(run, rejected, line, cells, error.entries())
        except IntegrityError as error:
            reject(run, rejected, line, cells, constraints.broken(error).entries())
    if made:
        session.execute(insert(ImportedRow), made)


def reject(run: JobRun, rejected: list[list[str]], line: int, cells: list[str], found: list[dict[str, str]]) -> None:
    """Set a line aside with its errors."""
    run.counts["rejected"] += 1
    run.errors.append({"line": line, "errors": found})
    collection = collection_of(run.args["resource"])
    rejected.append([*cells, " ".join(_reason(collection, entry) for entry in found)])


def _reason(collection: Collection, entry: dict[str, str]) -> str:
    """One error as it stands beside the line: the field by its label, and what is wrong with it."""
    name, *within = entry["pointer"].strip("/").split("/")
    if not name:
        return entry["message"]
    label = f"{name}.{within[0]}" if name == "custom" and within else collection.label_of(name)
    return say("{field}: {reason}", field=label, reason=entry["message"]).spoken()


def _import_row(
    session: Session,
    run: JobRun,
    collection: Collection,
    body: dict[str, Any],
    existing: Mapping[Any, UUID],
    references: References,
) -> Any | None:
    """Create or update one record; answers it when it was created."""
    key = run.args["key"] if run.args["mode"] != "create" else None
    value = _stored(collection, key, body[key]) if key in body else None
    known = existing.get(value) if value is not None else None
    if known is not None:
        record = writing.get_for(session, collection, known, f"{collection.resource}:update")
        change = _with_custom(session, collection, body, references, unit_id=record.unit_id)
        writing.change(session, collection, record, change)
        run.counts["updated"] += 1
        return None
    if run.args["mode"] == "update":
        raise errors.field_error(
            f"/{key}", "unknown", say("No record has this {field}.", field=collection.label_of(run.args["key"]))
        )
    unit_id = UUID(body["unit_id"]) if "unit_id" in body else collection.pool_unit(run.principal)
    record = writing.create(session, collection, _with_custom(session, collection, body, references, unit_id=unit_id))
    run.counts["created"] += 1
    return record


def _with_custom(
    session: Session, collection: Collection, body: dict[str, Any], references: References, *, unit_id: UUID
) -> dict[str, Any]:
    """The body with the cells of its custom columns read by the definitions that hold in the unit."""
    custom = body.get("custom")
    if not isinstance(custom, dict):
        return body
    defined = custom_fields.definitions(session, collection.resource, unit_id)
    return body | {"custom": custom_values(defined, custom, references)}


def _stored(collection: Collection, key: str, value: Any) -> Any:
    """A key's value as records hold it, such as a telephone number in its international form. Raises Invalid."""
    try:
        return collection.loader.fields[key].deserialize(value)
    except ValidationError as error:
        raise errors.Invalid(errors=pointers({key: error.messages})) from error


def _existing(
    session: Session,
    run: JobRun,
    collection: Collection,
    columns: dict[int, str],
    batch: Batch,
) -> dict[Any, UUID]:
    """The records that the batch names by its key, by the key's value as they hold it."""
    key = run.args["key"]
    index = next((i for i, name in columns.items() if name == key), None)
    if key is None or run.args["mode"] == "create":
        return {}
    if index is None:
        raise errors.field_error(
            "/mapping",
            "required",
            say("Map a column to {field}, by which records are found.", field=collection.label_of(key)),
        )
    values: set[Any] = set()
    for text in _texts(batch, index):
        with suppress(errors.Invalid):  # its own line will be told
            values.add(_stored(collection, key, value_of(key, collection.loader.fields[key], text)))
    column = getattr(collection.model, key)
    rows = session.execute(select(column, collection.model.id).where(column.in_(values)))
    return dict(rows.all())


def _texts(batch: Batch, *columns: int) -> set[str]:
    """What stands in columns of a batch, empty cells left out."""
    return {text for _, cells in batch for i in columns if i < len(cells) and (text := cells[i].strip())}


def references_of(session: Session, collection: Collection, columns: dict[int, str], batch: Batch) -> References:
    """The records that a batch names by what people know them by, looked up once for each column or kind."""
    found: dict[str, Mapping[str, UUID]] = {}
    for index, name in columns.items():
        lookup = collection.lookups.get(name) or _identity_lookup(collection, name)
        if lookup:
            found[name] = lookup(session, _texts(batch, index))
    custom = {name.removeprefix(_CUSTOM): index for index, name in columns.items() if name.startswith(_CUSTOM)}
    for kind in NAMING if custom else ():
        keys = custom_fields.keys_of_kind(session, collection.resource, kind, custom)
        lookup = _lookup_of(collection, kind)
        if keys and lookup:
            found[f"custom:{kind}"] = lookup(session, _texts(batch, *(custom[key] for key in keys)))
    return found


def _lookup_of(collection: Collection, resource: str) -> Lookup | None:
    """How the collection finds records of a resource by text in any of its fields."""
    own = (lookup for name, lookup in collection.lookups.items() if _names(collection, name) == resource)
    return next(own, None) or _identity(resource)


def _identity_lookup(collection: Collection, name: str) -> Lookup | None:
    spec = collection.loader.fields.get(name)
    is_one = spec is not None and spec.metadata.get("crm", {}).get("kind") == "ref"
    return _identity(_names(collection, name)) if is_one else None


def _names(collection: Collection, name: str) -> str | None:
    """The resource that a field names records of."""
    spec = collection.loader.fields.get(name)
    return spec.metadata.get("crm", {}).get("resource") if spec else None


def _identity(resource: str | None) -> Lookup | None:
    """Users may be written by sign-in name and units by code in every file."""
    if resource not in {"user", "org_unit"}:
        return None
    model, column = (org.OrgUser, org.OrgUser.username) if resource == "user" else (org.OrgUnit, org.OrgUnit.code)

    def find(session: Session, texts: set[str]) -> dict[str, UUID]:
        return {row[0]: row[1] for row in session.execute(select(column, model.id).where(column.in_(texts)))}

    return find


def body_of(
    collection: Collection, columns: dict[int, str], cells: list[str], references: References
) -> dict[str, Any]:
    """The JSON body that one line stands for; empty cells are left out, those of custom columns are still texts."""
    body: dict[str, Any] = {}
    custom: dict[str, str] = {}
    for index, name in columns.items():
        cell = cells[index].strip() if index < len(cells) else ""
        if not cell:
            continue
        if name.startswith(_CUSTOM):
            custom[name.removeprefix(_CUSTOM)] = cell
        else:
            body[name] = _cell(collection, name, cell, references.get(name))
    if custom and isinstance(whole := body.setdefault("custom", {}), dict):
        whole |= custom
    return body


def _cell(collection: Collection, name: str, cell: str, known: Mapping[str, UUID] | None) -> Any:
    if known is not None:
        return named(f"/{name}", collection.label_of(name), cell, known)
    return value_of(name, collection.loader.fields[name], cell)


def rejected_file(run: JobRun, header: list[str], rejected: list[list[str]]) -> dict[str, Any]:
    """Keep the lines set aside as a file of the job; answers the job's result."""
    result: dict[str, Any] = {"dry_run": run.args["dry_run"]}
    if rejected:
        with transaction(run.scope) as session:
            content = to_csv([[*header, "error"], *rejected])
            stored = files.save(session, content, name="rejected.csv", resource="import")
            result["rejected_file"] = str(stored.id)
    return result


def run_undo(run: JobRun) -> dict[str, Any]:
    """Delete the records an import created, in batches, leaving those the caller may not delete."""
    collection = collection_of(run.args["resource"])
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
