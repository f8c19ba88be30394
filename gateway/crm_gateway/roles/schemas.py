"""What the API takes and shows of a role."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validate, validates_schema
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema
from crm_chassis.language import say
from crm_contracts.permissions import RESOURCES, SCOPES

from ..checked import also

ACCESS = (
    ("hidden", "隐藏", "Hidden"),
    ("masked", "掩码", "Masked"),
    ("readonly", "只读", "Read-only"),
)
SCOPE_LABELS = (
    ("self", "本人", "Own records"),
    ("unit", "本组织", "Own unit"),
    ("company", "本公司", "Own company"),
    ("subtree", "本组织及下级", "Own unit and below"),
    ("units", "指定组织", "Chosen units"),
    ("all", "全部", "Everything"),
)


class GrantSchema(Schema):
    """One permission with its scope; ``unit_ids`` with scope ``units`` only."""

    resource = ma.String(required=True, validate=validate.OneOf(list(RESOURCES)))
    action = ma.String(required=True, validate=validate.Length(max=40))
    scope = ma.String(required=True, validate=validate.OneOf(SCOPES))
    unit_ids = ma.List(ma.UUID(), validate=validate.Length(max=200))

    @validates_schema
    def _known(self, values: dict[str, Any], **_: Any) -> None:
        if values["action"] not in RESOURCES[values["resource"]].actions:
            raise ValidationError(say("This resource has no such action."), "action")
        if (values["scope"] == "units") != bool(values.get("unit_ids")):
            raise ValidationError(say("Name `unit_ids` with the scope `units`, and only then."), "unit_ids")


class FieldSchema(Schema):
    """One field of a resource that the role closes."""

    resource = ma.String(required=True, validate=validate.OneOf(list(RESOURCES)))
    field = ma.String(required=True, validate=validate.Length(min=1, max=80))
    access = ma.String(required=True, validate=validate.OneOf([value for value, _zh, _en in ACCESS]))


class RoleSchema(RecordSchema):
    """A role."""

    key = also(
        fields.text(("标识", "Key"), required=True, longest=40),
        validate.Regexp(r"^[a-z][a-z0-9_]{1,39}\Z", error=say("Small letters, digits and _, at most 40.")),
    )
    name = fields.text(("名称", "Name"), required=True, longest=120)
    name_en = fields.text(("英文名称", "English name"), longest=120)
    grants = fields.rows(("权限", "Grants"), GrantSchema, longest=500)
    built_in = fields.boolean(("预置", "Ready-made"), dump_only=True)
    # Last, because from here on `fields` is this field within the class.
    fields = fields.rows(("字段权限", "Field access"), FieldSchema, longest=500)  # type: ignore[assignment]
