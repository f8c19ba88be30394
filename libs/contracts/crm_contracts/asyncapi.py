"""The AsyncAPI 3.0 document of the bus, generated from the registry: ``python -m crm_contracts.asyncapi FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .events import REGISTRY, EventType
from .subscriptions import subscribers_of

_JSON_TYPES: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "array": {"type": "array"},
    "object": {"type": "object"},
    "money": {
        "type": "object",
        "required": ["amount", "currency"],
        "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
    },
}


def payload_schema(event: EventType) -> dict[str, Any]:
    """The JSON Schema of an event's payload; fields beyond it are allowed."""
    return {
        "type": "object",
        "required": sorted(event.required),
        "properties": {name: _field(kind) for name, kind in sorted(event.required.items())},
    }


def _field(kind: str) -> dict[str, Any]:
    known = _JSON_TYPES[kind.removesuffix("?")]
    return {"oneOf": [known, {"type": "null"}]} if kind.endswith("?") else dict(known)


def document() -> dict[str, Any]:
    """One channel per event type, sent by its service and received by its subscribers."""
    channels, operations, messages = {}, {}, {}
    for name, event in sorted(REGISTRY.items()):
        key = name.replace(".", "_").replace("-", "_")
        messages[key] = {
            "name": name,
            "contentType": "application/cloudevents+json",
            "payload": payload_schema(event),
        }
        channels[key] = {"address": name, "messages": {key: {"$ref": f"#/components/messages/{key}"}}}
        for action, who in [("send", event.service), *(("receive", service) for service in subscribers_of(name))]:
            operations[f"{who}_{action}_{key}".replace("-", "_")] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{key}"},
                "tags": [{"name": who}],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Banyan domain events", "version": "1"},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def text() -> str:
    """The document as the file in docs/ holds it."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
