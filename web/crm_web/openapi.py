"""What the console is generated from, read off the services' own code with nothing running.

``openapi.json`` is the document that ``npm run types`` reads. ``src/api/contract.json`` holds what the document does
not say in both languages: which path serves which resource, the fields of each verb's body, and those of rows.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask
from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import openapi
from crm_chassis.app import create_app
from crm_chassis.service import Runtime, load_service
from crm_chassis.settings import Settings
from crm_contracts.permissions import RESOURCES
from crm_contracts.services import SERVICES

from .build import WEB

DOCUMENT = WEB / "openapi.json"
CONTRACT = WEB / "src" / "api" / "contract.json"
_VERB = re.compile(r"^/api/v1/([a-z-]+)/<[^>]+>/([a-z-]+)$")
_PLAIN_KINDS: tuple[tuple[type[ma.Field[Any]], str], ...] = (
    (ma.Integer, "integer"),
    (ma.Boolean, "boolean"),
    (ma.DateTime, "datetime"),
    (ma.Date, "date"),
    (ma.Decimal, "decimal"),
)


@dataclass(frozen=True)
class Application:
    """One service's application; nothing behind it is asked for anything."""

    runtime: Runtime
    app: Flask


def applications() -> dict[str, Application]:
    """Every service's application by its name, on settings that reach no server."""
    made = {}
    for name in SERVICES:
        # Addresses nobody answers: composing a document opens no connection.
        settings = Settings(service=name, database_url="postgresql://nobody@127.0.0.1:1/none", signing_key="none")
        runtime = Runtime(load_service(name), settings)
        made[name] = Application(runtime, create_app(runtime))
    return made


def document(found: dict[str, Application]) -> dict[str, Any]:
    """The OpenAPI document of the whole system, as the gateway puts it together."""
    from crm_gateway.routing.openapi import merged

    said = {name: openapi.document(one.app, one.runtime) for name, one in found.items()}
    return merged(json.loads(json.dumps(said, default=str)), version("crm-gateway"))


def contract(found: dict[str, Application]) -> dict[str, Any]:
    """Paths by resource, verb bodies and row fields by collection."""
    verbs: dict[str, dict[str, Any]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for one in found.values():
        for rule in one.app.url_map.iter_rules():
            matched = _VERB.match(rule.rule)
            view = one.app.view_functions[rule.endpoint]
            if not matched or "POST" not in (rule.methods or ()) or matched[2] in {"restore", "attachments"}:
                continue
            body = getattr(view, "body_schema", None)
            verbs.setdefault(matched[1], {})[matched[2]] = described(body()) if body else []
        for declared in one.runtime.service.collections:
            nested = {
                name: described(inner)
                for name, spec in declared.loader.fields.items()
                if (inner := _inner(spec)) is not None
            }
            if nested:
                rows[declared.name] = nested
    paths = {name: resource.path for name, resource in RESOURCES.items() if resource.path}
    return {"paths": paths, "rows": rows, "verbs": {name: verbs[name] for name in sorted(verbs)}}


def described(schema: Schema) -> list[dict[str, Any]]:
    """The fields that a form needs to draw, in the shape of a collection's schema."""
    return [_field(name, spec) for name, spec in schema.fields.items() if not spec.dump_only]


def _field(name: str, spec: ma.Field[Any]) -> dict[str, Any]:
    crm = spec.metadata.get("crm", {})
    zh, en = crm.get("label", (name, name.replace("_", " ").capitalize()))
    inner = _inner(spec)
    plain = next((kind for cls, kind in _PLAIN_KINDS if isinstance(spec, cls)), "text")
    longest = [rule.max for rule in spec.validators if isinstance(rule, validate.Length) and rule.max]
    options = crm.get("options")
    made = {
        "name": spec.data_key or name,
        "label": {"zh": zh, "en": en},
        "type": crm.get("kind") or (("rows" if isinstance(spec, ma.List) else "object") if inner else plain),
        "required": spec.required,
        "nullable": spec.allow_none,
        "multiline": bool(crm.get("multiline")),
        "longest": longest[0] if longest else None,
        "resource": crm.get("resource"),
        "options": [{"value": one["value"], "label": {"zh": one["label"][0], "en": one["label"][1]}} for one in options]
        if options
        else None,
    }
    return made | ({"rows": described(inner)} if inner else {})


def _inner(spec: ma.Field[Any]) -> Schema | None:
    """The schema of what a field holds, when it holds objects."""
    held = spec.inner if isinstance(spec, ma.List) else spec
    return held.schema if isinstance(held, ma.Nested) else None


def contract_text(found: dict[str, Application]) -> str:
    """The contract as the file holds it."""
    return json.dumps(contract(found), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Write both files."""
    found = applications()
    DOCUMENT.write_text(json.dumps(document(found), ensure_ascii=False, sort_keys=True))
    CONTRACT.parent.mkdir(parents=True, exist_ok=True)
    Path(CONTRACT).write_text(contract_text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
