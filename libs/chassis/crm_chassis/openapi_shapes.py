"""How the generated routes of a collection look in OpenAPI: one small function per shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import fields as ma
from sqlalchemy import ARRAY
from sqlalchemy.dialects.postgresql import JSONB

from .collection import Collection
from .fields import Money

Shape = Callable[[dict[str, Any], Collection, str], None]
_ETAG = {"ETag": {"description": "The record's version", "schema": {"type": "string"}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Any, description: str = "Done", **more: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}, **more}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _items(schema: Any) -> dict[str, Any]:
    return _object(items={"type": "array", "items": schema})


def _version(operation: dict[str, Any]) -> None:
    operation["parameters"].append(
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The ETag you read",
            "schema": {"type": "string", "pattern": r'^"[0-9]+"$'},
        }
    )


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _page(operation: dict[str, Any], collection: Collection, name: str) -> None:
    operation["parameters"] += [
        _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Records a page"),
        _query("cursor", {"type": "string", "minLength": 1}, "next_cursor of the page before"),
        _query("sort", {"type": "string"}, "Fields by comma, - for descending"),
        _query("q", {"type": "string", "maxLength": 200}, "Part of a name or number"),
        _query("count", {"type": "boolean"}, "Count the whole list, exactly up to 10,000"),
        _query("fields", {"type": "string"}, "The fields wanted, by comma; one with ? behind it may be missing here"),
        *_filters(collection),
    ]
    page = _items(_ref(name))
    page["properties"] |= {
        "next_cursor": {"type": ["string", "null"]},
        "total": {"type": "integer"},
        "total_capped": {"type": "boolean"},
    }
    page["required"] = ["items", "next_cursor"]
    operation["responses"]["200"] = _json(page)


def _filters(collection: Collection) -> list[dict[str, Any]]:
    columns = collection.model.__table__.c
    found = []
    for name, _ in collection.getters:
        field = collection.loader.fields.get(name)
        if name in columns and field is not None and not isinstance(columns[name].type, (JSONB, ARRAY)):
            found.append(_query(name, _filter_schema(field), f"Only records with this {name}"))
    return found


def _filter_schema(field: Any) -> dict[str, Any]:
    """What a filter's text must look like to be a value of the field."""
    formats = {ma.UUID: "uuid", ma.AwareDateTime: "date-time", ma.Date: "date"}
    for cls, text_format in formats.items():
        if isinstance(field, cls):
            return {"type": "string", "format": text_format}
    if isinstance(field, ma.Boolean):
        return {"type": "boolean"}
    if isinstance(field, ma.Integer):
        return {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    if isinstance(field, (ma.Decimal, Money)):
        return {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$"}
    return {"type": "string"}


def _record(operation: dict[str, Any], _collection: Collection, name: str) -> None:
    operation["responses"]["200"] = _json(_ref(name), headers=_ETAG)


def _body(operation: dict[str, Any], schema: Any, *, required: bool = True, kind: str = "application/json") -> None:
    operation["requestBody"] = {"required": required, "content": {kind: {"schema": schema}}}


def _created(operation: dict[str, Any], _collection: Collection, name: str) -> None:
    _body(operation, _ref(name))
    location = {"Location": {"description": "Where it is", "schema": {"type": "string"}}}
    operation["responses"]["201"] = _json(_ref(name), "Created", headers={**_ETAG, **location})


def _changed(operation: dict[str, Any], _collection: Collection, name: str) -> None:
    _version(operation)
    _body(operation, {"allOf": [_ref(name)], "required": []}, kind="application/merge-patch+json")
    operation["requestBody"]["content"]["application/json"] = {"schema": {"type": "object"}}
    operation["responses"]["200"] = _json(_ref(name), headers=_ETAG)


def _deleted(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    if not operation["operationId"].endswith(("field", "detach")):
        _version(operation)
    operation["responses"]["204"] = {"description": "Done"}


def _schema(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    operation["responses"]["200"] = _json(_ref("CollectionSchema"))


def _history(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    operation["responses"]["200"] = _json(_items(_ref("HistoryEntry")))


def _field(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    _body(operation, {"type": "object"})
    operation["responses"]["200"] = _json(_ref("CustomField"))


def _fields(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    operation["responses"]["200"] = _json(_items(_ref("CustomField")))


def _field_created(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    _body(operation, _ref("CustomField"))
    operation["responses"]["201"] = _json(_ref("CustomField"), "Created")


def _attachment_created(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    form = _object(file={"type": "string", "format": "binary"}, category={"type": "string", "maxLength": 60})
    _body(operation, {**form, "required": ["file"]}, kind="multipart/form-data")
    operation["responses"]["201"] = _json(_ref("Attachment"), "Created")


def _attachments(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    operation["responses"]["200"] = _json(_items(_ref("Attachment")))


def _file(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    operation["responses"]["200"] = {"description": "The file", "content": {"*/*": {"schema": True}}}


def _bulk(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    _body(operation, _ref("BulkBody"))
    operation["responses"]["200"] = _json(_object(results={"type": "array", "items": {"type": "object"}}))
    operation["responses"]["202"] = _json(_ref("Job"), "Accepted")


def _import(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    text = {"type": "string"}
    form = _object(
        file={"type": "string", "format": "binary"},
        mapping=text,
        mode={"type": "string", "enum": ["create", "update", "upsert"]},
        key=text,
        dry_run={"type": "string", "enum": ["true", "false"]},
    )
    _body(operation, {**form, "required": ["file"]}, kind="multipart/form-data")
    operation["responses"]["202"] = _json(_ref("Job"), "Accepted")


def _export(operation: dict[str, Any], _collection: Collection, _name: str) -> None:
    _body(operation, _ref("ExportBody"), required=False)
    operation["responses"]["202"] = _json(_ref("Job"), "Accepted")


SHAPES: dict[str, Shape] = {
    "page": _page,
    "record": _record,
    "created": _created,
    "changed": _changed,
    "deleted": _deleted,
    "schema": _schema,
    "history": _history,
    "field": _field,
    "fields": _fields,
    "field_created": _field_created,
    "attachment_created": _attachment_created,
    "attachments": _attachments,
    "file": _file,
    "bulk": _bulk,
    "import": _import,
    "export": _export,
}


def _collection_schema() -> dict[str, Any]:
    text, yes_or_no = {"type": "string"}, {"type": "boolean"}
    labels, names = _object(zh=text, en=text), {"type": "array", "items": text}
    field = _object(name=text, label=labels, type=text, group=text, required=yes_or_no, nullable=yes_or_no)
    return _object(
        name=text,
        label=labels,
        fields={"type": "array", "items": field},
        verbs={**names, "description": "Verbs that the caller's roles include"},
        bulk_verbs={**names, "description": "Those of them that are actions of `bulk` too"},
    )


def components() -> dict[str, Any]:
    """The schemas the shapes refer to that no marshmallow schema describes."""
    text, moment = {"type": "string"}, {"type": "string", "format": "date-time"}
    identity = {"type": "string", "format": "uuid"}
    return {
        "BulkBody": _object(
            action=text,
            ids={"type": "array", "items": identity, "minItems": 1},
            filter={"type": "object"},
            args={"type": "object"},
        )
        | {"required": ["action"]},
        "ExportBody": _object(
            format={"type": "string", "enum": ["csv", "xlsx"]},
            filter={"type": "object"},
            fields={"type": "array", "items": text, "minItems": 1},
        ),
        "Job": _object(
            id=text,
            kind=text,
            state={"type": "string", "enum": ["queued", "running", "done", "failed"]},
            progress=_object(done={"type": "integer"}, total={"type": ["integer", "null"]}),
            counts={"type": "object"},
            errors={"type": "array"},
        ),
        "Attachment": _object(id=identity, name=text, category=text, media_type=text, size={"type": "integer"}),
        "HistoryEntry": _object(id=identity, at=moment, action=text, changes={"type": "array"}),
        "CollectionSchema": _collection_schema(),
        "CustomField": _object(
            id=identity,
            unit_id=identity,
            key={"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
            label_zh=text,
            label_en=text,
            kind=text,
            options={"type": "array"},
            required={"type": "boolean"},
            position={"type": "integer"},
            active={"type": "boolean"},
        )
        | {"required": ["key", "label_zh", "label_en", "kind"]},
    }
