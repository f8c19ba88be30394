"""Imports: a CSV or XLSX file becomes records, in batches that land whole; lines with errors are set aside.

``columns_of``, ``references_of``, ``body_of`` and ``batches`` are the steps, beside ``sources.table_of`` and those of
``rejects``, for an import of a slice's own; the cells of custom columns become values by ``cells.custom_values`` once the
unit is known, bare amounts by ``cells.with_currency``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Index, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from .. import constraints, custom_fields, errors, fields, org
from ..database import transaction
from ..jobs import JobRun
from ..language import say
from ..service import current_runtime
from ..tables import ChassisBase
from . import bulk, writing
from .cells import NAMING, References, custom_values, named, value_of, with_currency
from .declaration import Collection
from .matching import Matches
from .rejects import Rejected, reject, rejected_file, set_aside
from .sources import table_of

BATCH = 200
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
    header, lines = table_of(run)
    columns = columns_of(collection, header, run.args["mapping"])
    for name in ("created", "updated", "rejected"):
        run.counts.setdefault(name, 0)
    todo = [item for item in enumerate(lines, start=2) if item[0] > run.cursor.get("line", 1)]
    for batch in batches(todo):
        with transaction(run.scope) as session:
            _import_batch(session, run, collection, columns, batch)
            run.save(session, done=batch[-1][0] - 1, total=len(lines), line=batch[-1][0])
        run.give_way()
    return rejected_file(run, header)


def batches(items: list[Any]) -> Iterator[list[Any]]:
    """The items in lists of BATCH."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


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


def _import_batch(session: Session, run: JobRun, collection: Collection, columns: dict[int, str], batch: Batch) -> None:
    references = references_of(session, collection, columns, batch)
    matches = _matches(session, run, collection, columns, batch)
    made: list[dict[str, Any]] = []
    rejected: Rejected = []
    for line, cells in batch:
        try:
            with session.begin_nested() as savepoint:
                body = body_of(collection, columns, cells, references)
                record = _import_row(session, run, collection, body, matches, references)
                if run.args["dry_run"]:
                    savepoint.rollback()
            if record is not None and not run.args["dry_run"]:
                made.append({"job_id": run.id, "record_id": record.id, "line": line})
                matches.add(record)
        except errors.ProblemError as error:
            reject(run, rejected, line, cells, error.entries(), collection=collection)
        except IntegrityError as error:
            reject(run, rejected, line, cells, constraints.broken(error).entries(), collection=collection)
    if made:
        session.execute(insert(ImportedRow), made)
    set_aside(session, rejected)


def _import_row(
    session: Session,
    run: JobRun,
    collection: Collection,
    body: dict[str, Any],
    matches: Matches,
    references: References,
) -> Any | None:
    """Create or update one record; answers it when it was created."""
    known = matches.one(body)
    if known is not None:
        record = writing.get_for(session, collection, known, f"{collection.resource}:update")
        change = _completed(session, collection, body, references, unit_id=record.unit_id, record=record)
        writing.change(session, collection, record, change)
        run.counts["updated"] += 1
        return None
    if run.args["mode"] == "update":
        key = run.args["key"]
        raise errors.field_error(
            f"/{key}", "unknown", say("No record has this {field}.", field=collection.label_of(key))
        )
    unit_id = UUID(body["unit_id"]) if "unit_id" in body else collection.pool_unit(run.principal)
    record = writing.create(session, collection, _completed(session, collection, body, references, unit_id=unit_id))
    run.counts["created"] += 1
    return record


def _completed(
    session: Session,
    collection: Collection,
    body: dict[str, Any],
    references: References,
    *,
    unit_id: UUID,
    record: Any = None,
) -> dict[str, Any]:
    """The body as it stands in the unit: custom columns by its definitions, and amounts that name no currency in one.

    That is the line's own, that of the record they go to, or the unit's.
    """
    custom = body.get("custom")
    if isinstance(custom, dict):
        defined = custom_fields.definitions(session, collection.resource, unit_id)
        body = body | {"custom": custom_values(defined, custom, references)}
    return with_currency(
        collection.loader,
        body,
        lambda: body.get("currency") or _currency_held(collection, record) or _currency_of(session, unit_id),
    )


def _currency_held(collection: Collection, record: Any) -> str | None:
    """The currency of a record that holds an amount; until then it has none of its own."""
    amounts = [name for name, spec in collection.loader.fields.items() if isinstance(spec, fields.Money)]
    return record.currency if any(getattr(record, name, None) is not None for name in amounts) else None


def _currency_of(session: Session, unit_id: UUID) -> str | None:
    known: dict[UUID, str | None] = session.info.setdefault("currencies", {})
    if unit_id not in known:
        known[unit_id] = session.scalar(select(org.OrgUnit.currency).where(org.OrgUnit.id == unit_id))
    return known[unit_id]


def _matches(session: Session, run: JobRun, collection: Collection, columns: dict[int, str], batch: Batch) -> Matches:
    """The records that the batch names by its key."""
    key = run.args["key"]
    if key is None or run.args["mode"] == "create":
        return Matches(collection, None)
    index = next((i for i, name in columns.items() if name == key), None)
    if index is None:
        raise errors.field_error(
            "/mapping",
            "required",
            say("Map a column to {field}, by which records are found.", field=collection.label_of(key)),
        )
    found = Matches(collection, key)
    found.read(session, _texts(batch, index))
    return found


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


def run_undo(run: JobRun) -> dict[str, Any]:
    """Delete the records an import created, in batches, leaving those the caller may not delete."""
    collection = collection_of(run.args["resource"])
    run.counts.setdefault("deleted", 0)
    with transaction(run.scope) as session:
        made = select(ImportedRow.record_id).where(ImportedRow.job_id == UUID(run.args["job_id"]))
        created = list(session.scalars(made.order_by(ImportedRow.line, ImportedRow.record_id)))
    for start in range(run.cursor.get("start", 0), len(created), BATCH):
        with transaction(run.scope) as session:
            results = bulk.apply(session, collection, "delete", created[start : start + BATCH], {})
            run.counts["deleted"] += sum(result["status"] == "ok" for result in results)
            run.save(session, done=start + len(results), total=len(created), start=start + BATCH)
        run.give_way()
    return {}
