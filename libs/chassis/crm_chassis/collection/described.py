"""What a form and a list need to know about a collection, seen through the caller's field permissions."""

from __future__ import annotations

from typing import Any

from marshmallow import fields as ma
from marshmallow import validate
from sqlalchemy import ARRAY
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from .. import custom_fields
from ..identity import Principal
from . import listing
from .access import HIDDEN, MASKED, Access
from .declaration import Collection

_SYSTEM_KINDS = {ma.Integer: "integer", ma.String: "text", ma.Boolean: "boolean", ma.Date: "date"}


def schema(session: Session, collection: Collection, principal: Principal) -> dict[str, Any]:
    """Fields with label, type, options, required, read-only, group, filterable and sortable; built-in and custom."""
    defined = custom_fields.definitions(session, collection.resource, principal.unit_id)
    dictionary = {row.key: row.options for row in defined if row.kind == "options"}
    access = collection.access(principal)
    sortable = listing.sortable(collection, principal)
    names = [name for name in collection.loader.fields if access.to(name) != HIDDEN]
    built_in = [_built_in(collection, name, access.to(name), sortable, dictionary) for name in names]
    custom = [_custom(row, access) for row in defined if row.kind != "options"]
    return {
        "name": collection.name,
        "resource": collection.resource,
        "label": {"zh": collection.label[0], "en": collection.label[1]},
        "fields": built_in + [field for field in custom if access.to(field["name"]) != HIDDEN],
        "can": [
            action
            for action in ("create", "update", "delete", "import", "export", "configure", "assign")
            if action not in collection.frozen and principal.may(f"{collection.resource}:{action}")
        ],
        "verbs": [verb.name for verb in collection.verbs if principal.may(verb.permission)],
        "bulk_verbs": [verb.name for verb in collection.bulk_verbs if principal.may(verb.permission)],
        "default_sort": listing.default_sort(collection, sortable),
        "import_keys": collection.keys_open_to(principal),
    }


def _built_in(
    collection: Collection, name: str, access: str | None, sortable: set[str], dictionary: dict[str, Any]
) -> dict[str, Any]:
    spec = collection.loader.fields[name]
    crm = spec.metadata.get("crm", {})
    zh, en = crm.get("label", (name, name.replace("_", " ").capitalize()))
    columns = collection.model.__table__.c
    options = dictionary.get(name, crm.get("options"))
    lengths = [rule.max for rule in spec.validators if isinstance(rule, validate.Length) and rule.max]
    return {
        "name": name,
        "label": {"zh": zh, "en": en},
        "type": crm.get("kind") or next((kind for cls, kind in _SYSTEM_KINDS.items() if isinstance(spec, cls)), "text"),
        "group": crm.get("group", "main"),
        "required": spec.required,
        "nullable": spec.allow_none,
        "read_only": spec.dump_only or access is not None,
        "masked": access == MASKED,
        "multiline": bool(crm.get("multiline")),
        "longest": lengths[0] if lengths else None,
        "resource": crm.get("resource"),
        "options": [_option(option) for option in options] if options is not None else None,
        "filterable": name in columns and not isinstance(columns[name].type, JSONB) and access != MASKED,
        "sortable": name in sortable and not isinstance(columns[name].type, ARRAY),
        "custom": False,
    }


def _option(option: dict[str, Any]) -> dict[str, Any]:
    zh, en = option["label"]
    return {"value": option["value"], "label": {"zh": zh, "en": en}}


def _custom(row: custom_fields.CustomField, access: Access) -> dict[str, Any]:
    name = f"custom.{row.key}"
    how = access.to(name)
    return {
        "id": row.id,
        "name": name,
        "label": {"zh": row.label_zh, "en": row.label_en},
        "type": row.kind,
        "group": "custom",
        "required": row.required,
        "nullable": not row.required,
        "read_only": how is not None,
        "masked": how == MASKED,
        "multiline": False,
        "longest": None,
        "resource": row.kind if row.kind in {"user", "customer"} else None,
        "options": [_option(option) for option in row.options] if row.options else None,
        "filterable": how != MASKED,
        "sortable": False,
        "custom": True,
    }
