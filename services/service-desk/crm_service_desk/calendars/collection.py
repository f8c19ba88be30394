"""The collection of business calendars."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.language import say

from . import actions
from .models import BusinessCalendar


def _clock_time(label: fields.Label) -> fields.Field:
    return ma.String(
        required=True,
        validate=validate.Regexp(
            r"^(([01]\d|2[0-3]):[0-5]\d|24:00)\Z", error=say("Write a time of the day such as 09:00, at most 24:00.")
        ),
        metadata={"crm": {"kind": "text", "label": label}},
    )


class HoursSchema(Schema):
    """Hours of a weekday (ISO: 1 is Monday); a break is made by two rows."""

    weekday = fields.integer(("星期", "Weekday"), least=1, most=7, required=True)
    opens = _clock_time(("上班", "From"))
    closes = _clock_time(("下班", "To"))


class SpecialDaySchema(Schema):
    """Days that differ from the week: closed, or with the hours of some weekday (``as_weekday``)."""

    first_on = fields.date(("起始日期", "First day"), required=True)
    last_on = fields.date(("结束日期", "Last day"), required=True)
    name = fields.text(("名称", "Name"), required=True, longest=100)
    as_weekday = fields.integer(("按星期几上班", "Works as weekday"), least=1, most=7)


class BusinessCalendarSchema(RecordSchema):
    """What the API shows and takes of a business calendar."""

    name = fields.text(("名称", "Name"), required=True)
    timezone = fields.time_zone(("时区", "Time zone"), allow_none=False)
    hours = fields.rows(("工作时间", "Working hours"), HoursSchema, longest=70, required=True)
    special_days = fields.rows(("特殊日期", "Special days"), SpecialDaySchema, longest=500)


business_calendars = Collection(
    "business-calendars",
    BusinessCalendar,
    BusinessCalendarSchema,
    ("工作日历", "Business calendars"),
    create=actions.create,
    update=actions.change,
    remove=actions.remove,
    default_sort=("name",),
)
