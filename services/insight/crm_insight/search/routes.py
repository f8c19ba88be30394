"""The search box over HTTP."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import errors, text_search
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, json_response, query
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say

from . import queries, rules

blueprint = Blueprint("search", __name__, url_prefix="/search")


class SearchQuery(Schema):
    """What to look for. types: resources by comma, all when left out."""

    q = ma.String(required=True, validate=validate.Length(1, 100))
    types = ma.String(load_default="")
    limit = ma.Integer(load_default=20, validate=validate.Range(1, 50))


@blueprint.get("")
@requires("search:read")
@query(SearchQuery)
def find(query: dict[str, Any]) -> Response:
    """Find records by any part of a name in Chinese or Latin script, pinyin initials, telephone digits or number."""
    words = query["q"].replace("\x00", "")
    if not text_search.normalise(words):
        raise errors.Invalid(errors=[errors.entry("?q", "required", say("Write something to look for."))])
    resources = _types(query["types"])
    with transaction() as session:
        items = queries.find(session, current_principal(), words, resources=resources, limit=query["limit"])
    return json_response({"items": items})


def _types(raw: str) -> list[str]:
    asked = [name.strip() for name in raw.split(",") if name.strip()]
    unknown = [name for name in asked if name not in rules.SHAPES]
    if unknown:
        known = list(rules.SHAPES)
        message = say("There is no type {unknown}; the types are {known}.", unknown=unknown[0][:40], known=known)
        raise errors.Invalid(errors=[errors.entry("?types", "unknown", message)])
    return asked or list(rules.SHAPES)
