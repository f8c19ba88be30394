"""The OpenAPI 3.1 document of one service, read off its routes; the gateway puts the services' documents together."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, current_app
from marshmallow import Schema

from .collection import Collection
from .http import API, Blueprint, json_response
from .identity import requires
from .openapi_shapes import SHAPES, components
from .service import Runtime

_JOB_ID = {"type": "string", "pattern": "^[a-z-]+\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}


def blueprint(runtime: Runtime) -> Blueprint:
    """``/internal/openapi.json``."""
    routes = Blueprint("openapi", __name__)

    @routes.get("/internal/openapi.json")
    @requires("internal")
    def document_of_service() -> Response:
        return json_response(document(current_app, runtime))

    return routes


def document(app: Flask, runtime: Runtime) -> dict[str, Any]:
    """The document of every public route of the application."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(title=runtime.service.name, version="1", openapi_version="3.1.0", plugins=[plugin])
    for declared in runtime.service.collections:
        spec.components.schema(_name(declared), schema=declared.schema)
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    paths: dict[str, dict[str, Any]] = {}
    for rule in rules:
        view = app.view_functions[rule.endpoint]
        if not rule.rule.startswith(API):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(API))
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PATCH", "DELETE", "PUT"}):
            operation = _operation(plugin, view, method, path, rule)
            paths.setdefault(path, {})[method.lower()] = operation
    made = spec.to_dict()
    made["paths"] = paths
    _drop_bounds_of_text(made)
    for declared in runtime.service.collections:
        _complete(made["components"]["schemas"][_name(declared)], declared)
    made.setdefault("components", {}).setdefault("schemas", {}).update(components())
    return made


def _drop_bounds_of_text(node: Any) -> None:
    """Decimals travel as text, on which JSON Schema knows no minimum: what marshmallow checks stays unsaid."""
    if isinstance(node, dict):
        for bound in ("minimum", "maximum"):
            if isinstance(node.get(bound), (str, Decimal)):
                del node[bound]
        for value in node.values():
            _drop_bounds_of_text(value)
    elif isinstance(node, list):
        for value in node:
            _drop_bounds_of_text(value)


def _complete(schema: dict[str, Any], declared: Collection) -> None:
    """Add what every answer shows beyond the schema's fields."""
    schema["properties"]["can"] = {"type": "array", "items": {"type": "string"}, "readOnly": True}
    for name in declared.computed:
        schema["properties"].setdefault(name, {"readOnly": True})


def _schema_name(schema: Any) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return re.sub(r"Schema$", "", cls.__name__)


def _name(declared: Collection) -> str:
    return re.sub(r"Schema$", "", declared.schema.__name__)


def _operation(plugin: Any, view: Any, method: str, path: str, rule: Any) -> dict[str, Any]:
    doc = (view.__doc__ or view.__name__.replace("_", " ").capitalize()).strip()
    summary, _, description = doc.partition("\n")
    operation: dict[str, Any] = {
        "summary": summary.strip().rstrip("."),
        "operationId": f"{rule.endpoint.replace('collection ', '').replace('.', '_').replace('-', '_')}",
        "tags": [path.split("/")[1]],
        "parameters": [_path_parameter(rule, name) for name in sorted(rule.arguments)],
        "x-permission": view.permission,
        "responses": {},
    }
    if description.strip():
        operation["description"] = " ".join(description.split())
    if view.permission == "public":
        operation["security"] = []
    if method == "POST" and view.permission not in {"public", "internal"}:
        operation["parameters"].append(_key_parameter(view.needs_key))
    _describe(plugin, view, operation)
    operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return operation


def _path_parameter(rule: Any, name: str) -> dict[str, Any]:
    is_uuid = type(rule._converters[name]).__name__ == "UUIDConverter"  # noqa: SLF001  Werkzeug has no other way
    schema = {"type": "string", "format": "uuid"} if is_uuid else _JOB_ID
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _key_parameter(required: bool) -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": required,
        "description": "Any text of your own; a repeated call with the same key does nothing twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    }


def _describe(plugin: Any, view: Any, operation: dict[str, Any]) -> None:
    """Body and answers: from the collection's shape, or from what the view's decorators name."""
    shape = getattr(view, "shape", None)
    if shape:
        SHAPES[shape](operation, view.collection, _name(view.collection))
        return
    resolve = plugin.resolver.resolve_schema_dict
    if body := getattr(view, "body_schema", None):
        operation["requestBody"] = {
            "required": any(field.required for field in body().fields.values()),
            "content": {"application/json": {"schema": resolve(body)}},
        }
    if asked := getattr(view, "query_schema", None):
        operation["parameters"] += plugin.converter.schema2parameters(asked(), location="query")
    answer, status = getattr(view, "answer", None), str(getattr(view, "answer_status", 200))
    if isinstance(answer, Collection):
        content: Any = {"$ref": f"#/components/schemas/{_name(answer)}"}
    elif isinstance(answer, type) and issubclass(answer, Schema):
        content = resolve(answer)
    else:
        content = {}
    own = {kind: {"schema": True} for kind in getattr(view, "media_types", ())}
    described = {"application/json": {"schema": content or True}} if answer or not own else {}
    operation["responses"][status] = {"description": "Done", "content": {**described, **own}}
