"""``/regions``: read by everybody who may read regions; short name and remarks may be edited."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from crm_chassis import fields as crm_fields
from crm_chassis import paging
from crm_chassis.collection.listing import LIMIT_DEFAULT, LIMIT_MAX
from crm_chassis.collection.routes import require_version
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_response, query
from crm_chassis.identity import requires
from crm_chassis.language import say

from . import queries, rules
from .models import Region

blueprint = Blueprint("regions", __name__, url_prefix="/regions")


class RegionView(Schema):
    """A region as the API shows it."""

    code = fields.String()
    level = fields.String()
    name = fields.String()
    short_name = fields.String()
    parent_code = fields.String(allow_none=True)
    remarks = fields.String(allow_none=True)
    version = fields.Integer()


class RegionQuery(Schema):
    """How the list may be asked. ``q`` looks into name, pinyin and its initials."""

    parent_code = fields.String(validate=validate.Length(1, 6))
    level = fields.String(validate=validate.OneOf(rules.LEVELS))
    code__in = fields.String(
        validate=validate.Regexp(
            r"[0-9]{6}(,[0-9]{6}){0,199}\Z", error=say("Up to 200 six-digit codes with commas between.")
        )
    )
    q = fields.String(validate=[validate.Length(max=60), validate.ContainsNoneOf("\x00")])
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = fields.String()
    count = fields.Boolean(load_default=False)


_CONDITIONS = ("parent_code", "level", "code__in", "q")


class RegionPage(Schema):
    """A page of regions, by code."""

    items = fields.List(fields.Nested(RegionView))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class RegionBody(Schema):
    """What may be edited of a region."""

    short_name = crm_fields.text(("简称", "Short name"), longest=60, allow_none=False)
    remarks = crm_fields.text(("备注", "Remarks"), longest=500)


@blueprint.get("")
@requires("region:read")
@query(RegionQuery)
@answers(RegionPage)
def list_regions(query: dict[str, Any]) -> dict[str, Any]:
    """List administrative regions by code, of one level, below one region, or with the codes given."""
    limit = query["limit"]
    question = "regions " + " ".join(f"{name}={query[name]}" for name in _CONDITIONS if name in query)
    with transaction() as session:
        statement = queries.listed(query)
        answer: dict[str, Any] = {}
        if query["count"]:
            answer["total"] = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
        if "cursor" in query:
            statement = statement.where(Region.code > paging.position(question, query["cursor"])[0])
        rows = session.scalars(statement.limit(limit + 1)).all()
    more = len(rows) > limit
    next_cursor = paging.cursor_after(question, rows[limit - 1].code) if more else None
    return {"items": rows[:limit], "next_cursor": next_cursor, **answer}


@blueprint.get("/<code>")
@requires("region:read")
def read_region(code: str) -> Response:
    """Read one region by its six-digit code."""
    with transaction() as session:
        return _shown(queries.one(session, code))


@blueprint.patch("/<code>")
@requires("region:update")
@accepts(RegionBody)
def change_region(code: str, body: dict[str, Any]) -> Response:
    """Change a region's short name or remarks (merge patch)."""
    with transaction() as session:
        region = queries.one(session, code, lock=True)
        require_version(region)
        for name, value in body.items():
            setattr(region, name, value)
        region.version += 1
        session.flush()
        return _shown(region)


def _shown(region: Region) -> Response:
    return json_response(RegionView().dump(region), headers={"ETag": f'"{region.version}"'})
