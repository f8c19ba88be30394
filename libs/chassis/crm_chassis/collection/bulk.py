"""Many records at once: bulk actions, and the submission of imports and exports as jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from flask import Response, current_app
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from crm_contracts.permissions import permission_label

from .. import constraints, errors, files, idempotency, jobs
from .. import fields as record_fields
from ..database import transaction
from ..http import API, json_response, load
from ..identity import current_principal
from ..language import say
from . import listing, writing
from .declaration import Collection, Verb

AT_ONCE = 500
FORMATS = ("csv", "xlsx")
MODES = ("create", "update", "upsert")
GENERIC = {"update": "update", "delete": "delete", "restore": "delete"}
"""What a collection does of itself unless that is frozen, and the permission's action that each asks for."""


class BulkBody(Schema):
    """What a bulk call says: the action, the records by ids or by filter, and the action's own arguments."""

    action = fields.String(required=True)
    ids = fields.List(fields.UUID(), validate=validate.Length(1, 100_000))
    filter = fields.Dict(keys=fields.String(), values=fields.Raw())
    args = fields.Dict(keys=fields.String())


class TagsBody(Schema):
    """The tags that ``add_tags`` adds to those a record has, or ``remove_tags`` takes away."""

    tags = record_fields.texts(("标签", "Tags"), required=True)


class ExportBody(Schema):
    """What an export takes: the format, the list's filter and the fields wanted (all that are visible by default)."""

    format = fields.String(validate=validate.OneOf(FORMATS), load_default="csv")
    filter = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict)
    fields_ = fields.List(
        fields.String(), data_key="fields", validate=validate.Length(1, 200), load_default=None, allow_none=False
    )


def answer(collection: Collection, body: dict[str, Any]) -> Response:
    """Do it now for up to 500 records and answer a result per record; beyond, answer 202 and a job."""
    asked = load(BulkBody(), body)
    step(collection, asked["action"], asked.get("args", {}))
    if _key_needed(collection, asked["action"]):
        idempotency.require_key()
    if ("ids" in asked) == ("filter" in asked):
        raise errors.Invalid(say("Name the records either by `ids` or by `filter`."))
    with transaction() as session:
        chosen = asked.get("ids") or matching(session, collection, asked["filter"], AT_ONCE + 1)
        if len(chosen) > AT_ONCE:
            args = {
                "resource": collection.resource,
                "ids": [str(i) for i in chosen] if "ids" in asked else None,
                "filter": asked.get("filter"),
                "action": asked["action"],
                "args": asked.get("args", {}),
            }
            return jobs.accepted(jobs.submit(session, "bulk", args))
        return json_response({"results": apply(session, collection, asked["action"], chosen, asked.get("args", {}))})


def _key_needed(collection: Collection, action: str) -> bool:
    """Whether the verb's own route refuses calls without an Idempotency-Key."""
    routes = current_app.url_map.bind("localhost")
    try:
        endpoint, _ = routes.match(f"{API}/{collection.name}/{UUID(int=0)}/{action}", method="POST")
    except HTTPException:
        return False
    return bool(getattr(current_app.view_functions[endpoint], "needs_key", False))


def as_query(filter_: Mapping[str, Any]) -> dict[str, str]:
    """A filter given as JSON in the form the list's query string has."""
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else _text(value) for name, value in filter_.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def matching(
    session: Session,
    collection: Collection,
    filter_: Mapping[str, Any],
    limit: int,
    *,
    after: UUID | None = None,
    until: UUID | None = None,
) -> list[UUID]:
    """The ids of the records the caller sees that match a filter, in their order, ``limit`` at most.

    after, until: only those behind the one id, and up to and with the other.
    """
    own_id, statement = collection.model.id, _matching(collection, filter_)
    if after is not None:
        statement = statement.where(own_id > after)
    if until is not None:
        statement = statement.where(own_id <= until)
    return list(session.scalars(statement.order_by(own_id).limit(limit)))


def extent(session: Session, collection: Collection, filter_: Mapping[str, Any]) -> tuple[int, UUID | None]:
    """How many records the caller sees that match a filter, and the last of their ids, None when there are none."""
    found = _matching(collection, filter_)
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    return count, session.scalar(found.order_by(collection.model.id.desc()).limit(1))


def _matching(collection: Collection, filter_: Mapping[str, Any]) -> Select[Any]:
    wanted = listing.asked(collection, as_query(filter_), values_most=listing.VALUES_IN_BODY)
    return select(collection.model.id).where(*wanted.conditions)


def apply(
    session: Session, collection: Collection, action: str, chosen: list[UUID], args: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Run an action on each record, each in its own savepoint, so that one refusal leaves the others done."""
    run = step(collection, action, args)
    results: list[dict[str, Any]] = []
    for record_id in chosen:
        try:
            with session.begin_nested():
                run(session, record_id)
            results.append({"id": record_id, "status": "ok"})
        except errors.ProblemError as error:
            results.append({"id": record_id, "status": "error", "problem": error.to_dict()})
        except IntegrityError as error:
            results.append({"id": record_id, "status": "error", "problem": constraints.broken(error).to_dict()})
    return results


def step(collection: Collection, action: str, args: Mapping[str, Any]) -> Any:
    """The function(session, record_id) of a bulk action. Raises Invalid for an unknown one, Forbidden."""
    if action in GENERIC and GENERIC[action] not in collection.frozen:
        _allowed(f"{collection.resource}:{GENERIC[action]}")
        return _generic(collection, action, dict(args))
    if action in TAGGING and "tags" in collection.loader.fields and "update" not in collection.frozen:
        _allowed(f"{collection.resource}:update")
        return _tagging(collection, TAGGING[action], load(TagsBody(), args)["tags"])
    verb = next((verb for verb in collection.bulk_verbs if verb.name == action), None)
    if verb is None:
        raise errors.field_error("/action", "unknown", say("There is no bulk action {action} here.", action=action))
    _allowed(verb.permission)
    return _verb_step(verb, dict(args))


def _allowed(permission: str) -> None:
    if not current_principal().may(permission):
        raise errors.Forbidden(say("Your roles do not include {permission}.", permission=permission_label(permission)))


def _verb_step(verb: Verb, args: dict[str, Any]) -> Any:
    body = load(verb.body(), args) if verb.body else {}
    run = verb.run
    assert run is not None
    return lambda session, record_id: run(session, record_id, **body)


def _generic(collection: Collection, action: str, args: dict[str, Any]) -> Any:
    permission = f"{collection.resource}:{GENERIC[action]}"

    def run(session: Session, record_id: UUID) -> None:
        deleted = action == "restore"
        record = writing.get_for(session, collection, record_id, permission, with_deleted=deleted)
        if action == "update":
            writing.change(session, collection, record, dict(args))
        elif action == "delete":
            writing.remove(session, collection, record)
        else:
            writing.restore(session, collection, record)

    return run


def _with(held: list[str], named: list[str]) -> list[str]:
    return list(dict.fromkeys([*held, *named]))


def _without(held: list[str], named: list[str]) -> list[str]:
    return [tag for tag in held if tag not in named]


TAGGING = {"add_tags": _with, "remove_tags": _without}


def _tagging(
    collection: Collection, changed: Callable[[list[str], list[str]], list[str]], named: list[str]
) -> Callable[[Session, UUID], None]:
    def run(session: Session, record_id: UUID) -> None:
        record = writing.get_for(session, collection, record_id, f"{collection.resource}:update")
        tags = changed(record.tags, named)
        if tags != record.tags:
            writing.change(session, collection, record, {"tags": tags})

    return run


def submit_export(session: Session, collection: Collection, body: dict[str, Any]) -> jobs.Job:
    """Queue an export after checking its filter and fields. Raises Invalid."""
    asked = load(ExportBody(), body)
    listing.asked(collection, as_query(asked["filter"]), values_most=listing.VALUES_IN_BODY)
    known = {name for name, _ in collection.getters}
    unknown = [name for name in asked["fields_"] or [] if name not in known and not name.startswith("custom.")]
    if unknown:
        raise errors.field_error("/fields", "unknown_field", say("There is no field {name}.", name=unknown[0]))
    args = {
        "resource": collection.resource,
        "format": asked["format"],
        "filter": asked["filter"],
        "fields": asked["fields_"],
    }
    return jobs.submit(session, "export", args)


def submit_import(
    session: Session, collection: Collection, form: Mapping[str, str], upload: FileStorage | None
) -> jobs.Job:
    """Queue an import: the file, and the form fields ``mapping``, ``mode``, ``key`` and ``dry_run``. Raises Invalid."""
    mode, key, keys = form.get("mode", "create"), form.get("key") or None, collection.keys_open_to(current_principal())
    if mode not in MODES:
        raise errors.field_error("/mode", "unknown", say("The mode is one of {modes}.", modes=list(MODES)))
    if mode != "create" and key not in keys:
        raise errors.field_error("/key", "unknown", say("The key is one of {keys}.", keys=keys or ("无", "none")))
    if mode != "create":
        _allowed(f"{collection.resource}:update")
    dry_run = form.get("dry_run", "false")
    if dry_run not in {"true", "false"}:
        raise errors.field_error("/dry_run", "invalid", say("Write true or false."))
    stored = files.save_upload(session, upload, resource="import")
    args = {
        "resource": collection.resource,
        "file_id": str(stored.id),
        "mapping": _mapping(form.get("mapping")),
        "mode": mode,
        "key": key,
        "dry_run": dry_run == "true",
    }
    return jobs.submit(session, "import", args)


def _mapping(raw: str | None) -> dict[str, str]:
    if not raw:
        return {}
    try:
        return fields.Dict(keys=fields.String(), values=fields.String()).deserialize(orjson.loads(raw))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise errors.field_error(
            "/mapping", "invalid", say("The mapping is a JSON object: column -> field.")
        ) from error
