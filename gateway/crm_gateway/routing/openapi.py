"""One OpenAPI 3.1 document of the whole system, put together from every service's own."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from crm_chassis.language import LANGUAGES

from .upstreams import Upstream

log = structlog.get_logger("openapi")

KEPT_S = 60.0
_PATIENCE = Timeout(connect=1.0, read=5.0)
_METHODS = frozenset({"get", "put", "post", "patch", "delete", "head", "options"})

Document = dict[str, Any]


class Described:
    """What the services say about themselves: asked at most once a minute; who does not answer keeps the last word."""

    def __init__(self, upstreams: Mapping[str, Upstream], own: Callable[[], Document], version: str) -> None:
        self._upstreams = upstreams
        self._own = own
        self._version = version
        self._said: dict[str, Document] = {}
        self._merged: Document = {}
        self._segments: dict[str, str] = {}
        self._until = 0.0

    def document(self) -> Document:
        """The document of the whole system; a service that was never reached is missing from it."""
        self._refresh()
        return self._merged

    def get(self, segment: str) -> str | None:
        """The service that describes paths with this first segment."""
        if segment not in self._segments:
            self._refresh()
        return self._segments.get(segment)

    def _refresh(self) -> None:
        if time.monotonic() < self._until:
            return
        # Set first: whoever comes while the services are being asked gets what was known before.
        self._until = time.monotonic() + KEPT_S
        with ThreadPoolExecutor(max_workers=max(1, len(self._upstreams))) as pool:
            answers = list(pool.map(_ask, self._upstreams.values()))
        for service, said in zip(self._upstreams, answers, strict=True):
            if said is not None:
                self._said[service] = said
        if len(self._said) < len(self._upstreams):
            self._until = time.monotonic() + KEPT_S / 12
        self._merged = merged({"gateway": self._own(), **self._said}, self._version)
        self._segments = {
            path.split("/")[1]: service for service, said in self._said.items() for path in said.get("paths", {})
        }


def _ask(upstream: Upstream) -> Document | None:
    try:
        path = f"{upstream.prefix}/internal/openapi.json"
        answer = upstream.pool.request("GET", path, timeout=_PATIENCE, retries=False)
        return orjson.loads(answer.data) if answer.status == HTTPStatus.OK else None
    except (HTTPError, orjson.JSONDecodeError) as error:
        log.warning("a service did not describe itself", service=upstream.service, error=str(error))
        return None


def merged(documents: Mapping[str, Document], version: str) -> Document:
    """One document of several.

    A component that two services call alike but describe differently gets the second
    service's name in front; a path that several have (jobs) is described once.
    """
    made: Document = {
        "openapi": "3.1.0",
        "info": _info(version),
        "servers": [{"url": "/api/v1"}],
        "security": [{"session": [], "csrf": []}, {"bearer": []}],
        "tags": [],
        "paths": {},
        "components": {
            "schemas": {"Problem": _problem()},
            "responses": {"Problem": _problem_response()},
            "securitySchemes": _schemes(),
        },
    }
    operations: set[str] = set()
    for service, said in documents.items():
        _add(made, service, copy.deepcopy(said), operations)
    made["tags"] = _tags(made)
    return made


def _add(made: Document, service: str, said: Document, operations: set[str]) -> None:
    renames: dict[str, str] = {}
    schemas = made["components"]["schemas"]
    offered = said.get("components", {}).get("schemas", {})
    for name, schema in offered.items():
        if name in schemas and schemas[name] != schema:
            renames[name] = _pascal(service) + name
    _rename(said, renames)
    for name, schema in offered.items():
        schemas.setdefault(renames.get(name, name), schema)
    for path, item in said.get("paths", {}).items():
        if path in made["paths"]:
            continue
        for method, operation in item.items():
            if method in _METHODS:
                operation["operationId"] = _unique(operation.get("operationId", method + path), service, operations)
                operation["x-service"] = service
        made["paths"][path] = item


def _rename(node: Any, renames: Mapping[str, str]) -> None:
    """Point every reference at the new names, in place."""
    prefix = "#/components/schemas/"
    if not renames:
        return
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(prefix):
            name = target.removeprefix(prefix)
            node["$ref"] = prefix + renames.get(name, name)
        for value in node.values():
            _rename(value, renames)
    elif isinstance(node, list):
        for value in node:
            _rename(value, renames)


def _unique(operation_id: str, service: str, taken: set[str]) -> str:
    found = operation_id if operation_id not in taken else f"{service.replace('-', '_')}_{operation_id}"
    taken.add(found)
    return found


def _pascal(service: str) -> str:
    return "".join(word.capitalize() for word in service.split("-"))


def _tags(made: Document) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for item in made["paths"].values():
        for method, operation in item.items():
            if method in _METHODS:
                for tag in operation.get("tags", []):
                    found.setdefault(tag, operation["x-service"])
    return [{"name": tag, "x-service": service} for tag, service in found.items()]


def _info(version: str) -> dict[str, str]:
    return {
        "title": "Banyan",
        "version": version,
        "description": "Customer relations for a group of companies. Sign in at /auth/login (browser) or /auth/token. "
        "Labels and messages are in the language that Accept-Language asks for, zh-CN or en, else in the caller's own.",
    }


def _schemes() -> dict[str, Any]:
    return {
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-banyan"},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key (bk_…)"},
    }


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    entry = {"type": "object", "properties": {"pointer": text, "code": text, "message": text}}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": text,
            "request_id": text,
            "errors": {"type": "array", "items": entry},
        },
    }


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    language = {"schema": {"type": "string", "enum": list(LANGUAGES)}, "description": "Of title, detail and messages"}
    return {
        "description": "What went wrong",
        "headers": {"Content-Language": language},
        "content": {"application/problem+json": {"schema": schema}},
    }
