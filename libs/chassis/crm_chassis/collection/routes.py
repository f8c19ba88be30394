"""The routes of a collection."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select

from crm_contracts.permissions import RESOURCES

from .. import clock, custom_fields, errors, files, jobs, org
from ..change_log import Change
from ..database import transaction
from ..http import Blueprint, json_body, json_response, load
from ..identity import current_principal, requires
from ..language import say
from . import bulk, described, listing, writing
from .access import CUSTOM, HIDDEN, MASKED, READONLY
from .declaration import Collection

ETAG_ANY = "*"
_TAGS = re.compile(r'\*|(W/)?"[0-9]+"(\s*,\s*(W/)?"[0-9]+")*')


def routes(collection: Collection) -> Blueprint:
    """The blueprint of a collection, to be mounted at ``/api/v1/<name>``."""
    blueprint = Blueprint(f"collection {collection.name}", __name__)
    for add in (_reading, _writing, _about, _custom_fields, _uploads_ahead, _attachments, _bulk_and_files):
        add(blueprint, collection)
    return blueprint


def _documented(view: Any, collection: Collection, shape: str, doc: str) -> None:
    view.__doc__ = doc
    view.collection, view.shape = collection, shape


def _reading(blueprint: Blueprint, collection: Collection) -> None:
    permission = f"{collection.resource}:read"

    @requires(permission)
    def list_records() -> Response:
        with transaction() as session:
            return json_response(listing.page(session, collection, listing.asked(collection, request.args)))

    @requires(permission)
    def read_record(record_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get(session, collection, record_id)
            if _matches(request.headers.get("If-None-Match"), record.version):
                return Response(status=304, headers={"ETag": f'"{record.version}"'})
            return collection.respond(record)

    _documented(list_records, collection, "page", f"List {collection.label[1].lower()}.")
    _documented(read_record, collection, "record", f"Read one of the {collection.label[1].lower()}.")
    blueprint.add_url_rule("", "list", list_records, methods=["GET"])
    blueprint.add_url_rule("/<uuid:record_id>", "read", read_record, methods=["GET"])


def _writing(blueprint: Blueprint, collection: Collection) -> None:
    name = collection.label[1].lower()

    @requires(f"{collection.resource}:create")
    def create_record() -> Response:
        body = json_body()
        with transaction() as session:
            return collection.respond(writing.create(session, collection, body), 201)

    @requires(f"{collection.resource}:update")
    def change_record(record_id: UUID) -> Response:
        body = json_body()
        with transaction() as session:
            record = writing.get_for(session, collection, record_id, f"{collection.resource}:update")
            require_version(record)
            return collection.respond(writing.change(session, collection, record, body))

    @requires(f"{collection.resource}:delete")
    def delete_record(record_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get_for(session, collection, record_id, f"{collection.resource}:delete")
            require_version(record)
            writing.remove(session, collection, record)
        return Response(status=204)

    @requires(f"{collection.resource}:delete")
    def restore_record(record_id: UUID) -> Response:
        permission = f"{collection.resource}:delete"
        with transaction() as session:
            record = writing.get_for(session, collection, record_id, permission, with_deleted=True)
            return collection.respond(writing.restore(session, collection, record))

    _documented(create_record, collection, "created", f"Create one of the {name}.")
    _documented(change_record, collection, "changed", f"Change one of the {name} (merge patch).")
    _documented(delete_record, collection, "deleted", f"Delete one of the {name}; it can be restored.")
    _documented(restore_record, collection, "record", f"Bring a deleted one of the {name} back.")
    _unless(collection, "create", blueprint, "", "create", create_record, "POST")
    _unless(collection, "update", blueprint, "/<uuid:record_id>", "change", change_record, "PATCH")
    _unless(collection, "delete", blueprint, "/<uuid:record_id>", "delete", delete_record, "DELETE")
    _unless(collection, "delete", blueprint, "/<uuid:record_id>/restore", "restore", restore_record, "POST")


def _unless(
    collection: Collection, kind: str, blueprint: Blueprint, rule: str, endpoint: str, view: Any, method: str
) -> None:
    if kind not in collection.frozen:
        blueprint.add_url_rule(rule, endpoint, view, methods=[method])


def require_version(record: Any) -> None:
    """Hold the request's If-Match against the record. Raises VersionRequired (428), Stale (412)."""
    given = request.headers.get("If-Match")
    if given is None:
        raise errors.VersionRequired
    if not _TAGS.fullmatch(given.strip()):
        raise errors.BadRequest(say('If-Match holds an ETag as you read it, such as "3".'))
    if not _matches(given, record.version):
        raise errors.Stale(headers={"ETag": f'"{record.version}"'})


def _matches(header: str | None, version: int) -> bool:
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return ETAG_ANY in tags or f'"{version}"' in tags


def _about(blueprint: Blueprint, collection: Collection) -> None:
    permission = f"{collection.resource}:read"

    @requires(permission)
    def schema() -> Response:
        principal = current_principal()
        with transaction() as session:
            return json_response(described.schema(session, collection, principal))

    @requires(permission)
    def history(record_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get(session, collection, record_id)
            changes = session.scalars(
                select(Change).where(Change.record_id == record.id).order_by(Change.id.desc()).limit(listing.LIMIT_MAX)
            ).all()
            names = org.users(session, {change.actor_id for change in changes if change.actor_id})
            return json_response({"items": [_entry(collection, change, names) for change in changes]})

    _documented(schema, collection, "schema", f"The fields of {collection.label[1].lower()}, as the caller sees them.")
    _documented(history, collection, "history", "Who changed what from what to what, newest first.")
    blueprint.add_url_rule("/schema", "schema", schema, methods=["GET"])
    blueprint.add_url_rule("/<uuid:record_id>/history", "history", history, methods=["GET"])


def _entry(collection: Collection, change: Change, names: dict[UUID, org.OrgUser]) -> dict[str, Any]:
    shown = collection.access(current_principal()).changes(change.changes)
    actor = names.get(change.actor_id) if change.actor_id else None
    return {
        "id": change.id,
        "at": change.at,
        "action": change.action,
        "actor_id": change.actor_id,
        "actor_name": actor.display_name if actor else None,
        "request_id": change.request_id,
        "changes": [{"field": name, "from": pair[0], "to": pair[1]} for name, pair in shown.items()],
    }


def _custom_fields(blueprint: Blueprint, collection: Collection) -> None:
    permission = f"{collection.resource}:configure"
    loader = custom_fields.DefinitionSchema()

    @requires(permission)
    def list_fields() -> Response:
        with transaction() as session:
            rows = custom_fields.manageable(session, collection.resource, current_principal())
            return json_response({"items": [loader.dump(row) for row in rows]})

    @requires(permission)
    def create_field() -> Response:
        values = load(loader, json_body())
        unit_id = _unit_to_define_for(values, permission)
        with transaction() as session:
            row = custom_fields.CustomField(resource=collection.resource, unit_id=unit_id, **values)
            session.add(row)
            session.flush()
            return json_response(loader.dump(row), 201, {"Location": f"/api/v1/{collection.name}/fields/{row.id}"})

    @requires(permission)
    def change_field(field_id: UUID) -> Response:
        values = load(loader, json_body(), partial=True)
        with transaction() as session:
            row = _definition(session, collection, field_id, permission)
            if "If-Match" in request.headers:
                require_version(row)
            _refuse_fixed(row, values)
            writing.assign(row, values)
            row.version += 1
            session.flush()
            return json_response(loader.dump(row))

    @requires(permission)
    def delete_field(field_id: UUID) -> Response:
        with transaction() as session:
            _definition(session, collection, field_id, permission).active = False
        return Response(status=204)

    _documented(list_fields, collection, "fields", "The definitions the caller may change, retired ones too.")
    _documented(create_field, collection, "field_created", "Define a custom field, or the options of a choice field.")
    _documented(change_field, collection, "field", "Change a custom field's label, options, order or duty.")
    _documented(delete_field, collection, "deleted", "Retire a custom field; stored values stay.")
    if f"{collection.resource}:configure" in _known_permissions():
        blueprint.add_url_rule("/fields", "list_fields", list_fields, methods=["GET"])
        blueprint.add_url_rule("/fields", "create_field", create_field, methods=["POST"])
        blueprint.add_url_rule("/fields/<uuid:field_id>", "change_field", change_field, methods=["PATCH"])
        blueprint.add_url_rule("/fields/<uuid:field_id>", "delete_field", delete_field, methods=["DELETE"])


def _unit_to_define_for(values: dict[str, Any], permission: str) -> UUID:
    """The unit named in the values, which is taken out of them, or the caller's own."""
    principal = current_principal()
    unit_id: UUID = values.pop("unit_id", principal.unit_id)
    if not principal.reaches_unit(permission, unit_id):
        raise errors.field_error("/unit_id", "out_of_scope", say("Choose a unit that your roles reach."))
    return unit_id


def _refuse_fixed(row: custom_fields.CustomField, values: dict[str, Any]) -> None:
    for fixed in ("key", "kind", "unit_id"):
        if fixed in values and values[fixed] != getattr(row, fixed):
            raise errors.field_error(f"/{fixed}", "fixed", say("This cannot change once values are stored."))


def _known_permissions() -> set[str]:
    return {f"{resource.name}:{action}" for resource in RESOURCES.values() for action in resource.actions}


def _definition(session: Any, collection: Collection, field_id: UUID, permission: str) -> custom_fields.CustomField:
    row = session.get(custom_fields.CustomField, field_id)
    if row is None or row.resource != collection.resource:
        raise errors.NotFound
    if not current_principal().reaches_unit(permission, row.unit_id):
        raise errors.Forbidden
    return row


def _attachments(blueprint: Blueprint, collection: Collection) -> None:
    @requires(f"{collection.resource}:update")
    def attach(record_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get_for(session, collection, record_id, f"{collection.resource}:update")
            if not collection.late_files:
                writing.refuse_locked(collection, record)
            row = files.save_upload(
                session,
                request.files.get("file"),
                resource=collection.resource,
                record_id=record_id,
                category=request.form.get("category", ""),
            )
            where = f"/api/v1/{collection.name}/{record_id}/attachments/{row.id}"
            return json_response(files.view(row), 201, {"Location": where})

    @requires(f"{collection.resource}:read")
    def list_attachments(record_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get(session, collection, record_id)
            rows = session.scalars(_files_of(collection, record).limit(listing.LIMIT_MAX))
            return json_response({"items": [files.view(row) for row in rows]})

    @requires(f"{collection.resource}:read")
    def download(record_id: UUID, file_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get(session, collection, record_id)
            return files.download(_file(session, collection, record, file_id))

    @requires(f"{collection.resource}:update")
    def detach(record_id: UUID, file_id: UUID) -> Response:
        with transaction() as session:
            record = writing.get_for(session, collection, record_id, f"{collection.resource}:update")
            writing.refuse_locked(collection, record)
            file = _file(session, collection, record, file_id)
            if file_id in _in_custom_fields(collection, record, READONLY):
                raise errors.Forbidden(say("Your roles do not let you write this field."))
            file.deleted_at = clock.now()
        return Response(status=204)

    _documented(attach, collection, "attachment_created", "Attach a file (multipart fields `file` and `category`).")
    _documented(list_attachments, collection, "attachments", "The files of a record, newest first.")
    _documented(download, collection, "file", "Download an attached file.")
    _documented(detach, collection, "deleted", "Remove an attached file.")
    rule = "/<uuid:record_id>/attachments"
    blueprint.add_url_rule(rule, "list_attachments", list_attachments, methods=["GET"])
    blueprint.add_url_rule(f"{rule}/<uuid:file_id>", "download", download, methods=["GET"])
    _unless(collection, "update", blueprint, rule, "attach", attach, "POST")
    _unless(collection, "update", blueprint, f"{rule}/<uuid:file_id>", "detach", detach, "DELETE")


def _uploads_ahead(blueprint: Blueprint, collection: Collection) -> None:
    """Files of custom fields, uploaded before their record is written."""
    if f"{collection.resource}:configure" not in _known_permissions():
        return

    @requires(f"{collection.resource}:create")
    def upload() -> Response:
        with transaction() as session:
            row = files.save_upload(session, request.files.get("file"), resource=collection.resource)
            return json_response(files.view(row), 201)

    _documented(upload, collection, "attachment_created", "Upload the file of a custom field ahead (multipart `file`).")
    _unless(collection, "create", blueprint, "/attachments", "upload", upload, "POST")


def _files_of(collection: Collection, record: Any) -> Any:
    """The record's files but those of custom fields that the caller may not see."""
    closed = _in_custom_fields(collection, record, HIDDEN, MASKED)
    return (
        select(files.File)
        .where(files.File.record_id == record.id, files.File.deleted_at.is_(None), files.File.id.not_in(closed))
        .order_by(files.File.id.desc())
    )


def _in_custom_fields(collection: Collection, record: Any, *closed: str) -> set[UUID]:
    return collection.access(current_principal()).ids_in_custom(getattr(record, CUSTOM, {}), *closed)


def _file(session: Any, collection: Collection, record: Any, file_id: UUID) -> files.File:
    row = session.scalar(_files_of(collection, record).where(files.File.id == file_id))
    if row is None:
        raise errors.NotFound
    return row


def _bulk_and_files(blueprint: Blueprint, collection: Collection) -> None:
    @requires(f"{collection.resource}:read")
    def run_bulk() -> Response:
        return bulk.answer(collection, json_body())

    @requires(f"{collection.resource}:import")
    def start_import() -> Response:
        with transaction() as session:
            return jobs.accepted(bulk.submit_import(session, collection, request.form, request.files.get("file")))

    @requires(f"{collection.resource}:export")
    def start_export() -> Response:
        body = json_body(required=False)
        with transaction() as session:
            return jobs.accepted(bulk.submit_export(session, collection, body))

    _documented(
        run_bulk,
        collection,
        "bulk",
        "Update, delete, restore, add_tags, remove_tags or one of the schema's `bulk_verbs` for many records; over 500 "
        "it becomes a job.\n\n"
        "A verb whose own address asks for an Idempotency-Key asks for one here too.",
    )
    _documented(start_import, collection, "import", "Import a CSV or XLSX file as a background job.")
    _documented(start_export, collection, "export", "Export a list to CSV or XLSX as a background job.")
    known = _known_permissions()
    if collection.takes_bulk:
        blueprint.add_url_rule("/bulk", "bulk", run_bulk, methods=["POST"])
    if f"{collection.resource}:import" in known and "import" not in collection.frozen:
        blueprint.add_url_rule("/imports", "import", start_import, methods=["POST"])
    if f"{collection.resource}:export" in known:
        blueprint.add_url_rule("/exports", "export", start_export, methods=["POST"])
