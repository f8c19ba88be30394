"""The public holidays that a calendar may be filled with."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.http import Blueprint, answers, query
from crm_chassis.identity import requires
from crm_chassis.language import say

from .collection import SpecialDaySchema
from .public_holidays import COUNTRIES, special_days

blueprint = Blueprint("public holidays", __name__, url_prefix="/business-calendars")


class PublicHolidaysQuery(Schema):
    """Whose holidays, and of which year."""

    country = ma.String(
        required=True,
        validate=validate.OneOf(COUNTRIES, error=say("Write the ISO 3166 code of a country such as CN.")),
    )
    year = ma.Integer(required=True, validate=validate.Range(2000, 2100))


class PublicHolidaysSchema(Schema):
    """Rows for ``special_days``."""

    items = fields.rows(("特殊日期", "Special days"), SpecialDaySchema)


class CountriesSchema(Schema):
    """ISO 3166-1 alpha-2 codes."""

    items = ma.List(ma.String())


@blueprint.get("/public-holidays")
@requires("business_calendar:read")
@query(PublicHolidaysQuery)
@answers(PublicHolidaysSchema)
def public_holidays(query: dict[str, Any]) -> Any:
    """A country's public holidays of a year, and the weekends worked in exchange."""
    return {"items": special_days(query["country"], query["year"])}


@blueprint.get("/countries")
@requires("business_calendar:read")
@answers(CountriesSchema)
def countries() -> Any:
    """The countries whose public holidays are known."""
    return {"items": COUNTRIES}
