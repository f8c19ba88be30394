"""Preferences in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validate, validates_schema

from crm_chassis import fields
from crm_chassis.language import say

_CLOCK = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d\Z", error=say("Write a time of day such as 22:00."))


class ChoiceBody(Schema):
    """What a user chooses for a topic; null returns to what holds for all topics."""

    in_app = fields.boolean(("应用内", "In the app"), allow_none=True)
    email = fields.boolean(("邮件", "E-mail"), allow_none=True)
    quiet_start = fields.text(("免打扰开始", "Quiet from"), longest=5)
    quiet_end = fields.text(("免打扰结束", "Quiet until"), longest=5)
    timezone = fields.time_zone(("时区", "Time zone"))

    @validates_schema
    def _check(self, values: dict[str, Any], **_: Any) -> None:
        for name in ("quiet_start", "quiet_end"):
            if values.get(name) is not None:
                self._named(name, values[name])

    def _named(self, name: str, value: Any) -> None:
        try:
            _CLOCK(value)
        except ValidationError as error:
            raise ValidationError(error.messages, name) from error


class KindView(Schema):
    """A kind of notification, and whether it is mailed."""

    kind = fields.text(("种类", "Kind"))
    label = fields.obj(("名称", "Label"))
    email = fields.boolean(("邮件", "E-mail"))


class PreferenceView(ChoiceBody):
    """What holds for a topic."""

    topic = fields.text(("主题", "Topic"))
    label = fields.obj(("名称", "Label"))
    kinds = fields.rows(("种类", "Kinds"), KindView)
    chosen = fields.texts(("已设置", "Chosen here"))


class PreferencesView(Schema):
    """Every topic with what holds for it."""

    items = fields.rows(("主题", "Topics"), PreferenceView)
    channels = fields.obj(("渠道", "Channels"))
