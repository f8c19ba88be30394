"""The permissions catalogue."""

from __future__ import annotations

from flask import Response

from crm_chassis.http import Blueprint, json_response
from crm_chassis.identity import requires
from crm_contracts.permissions import ACTION_LABELS, RESOURCES

from .schemas import ACCESS, SCOPE_LABELS

blueprint = Blueprint("permissions", __name__, url_prefix="/permissions")


@blueprint.get("")
@requires("signed-in")
def catalogue() -> Response:
    """Every resource with its actions, and the scopes and kinds of field access a role may use."""
    resources = [
        {
            "name": resource.name,
            "service": resource.service,
            "path": resource.path,
            "label": {"zh": resource.zh, "en": resource.en},
            "actions": [_action(action) for action in resource.actions],
        }
        for resource in RESOURCES.values()
    ]
    return json_response({"resources": resources, "scopes": _options(SCOPE_LABELS), "access": _options(ACCESS)})


def _action(name: str) -> dict[str, object]:
    zh, en = ACTION_LABELS.get(name, (name, name.replace("_", " ").capitalize()))
    return {"name": name, "label": {"zh": zh, "en": en}}


def _options(labels: tuple[tuple[str, str, str], ...]) -> list[dict[str, object]]:
    return [{"name": name, "label": {"zh": zh, "en": en}} for name, zh, en in labels]
