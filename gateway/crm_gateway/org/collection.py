"""Units of the company tree as a collection with two verbs of its own."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb
from crm_chassis.language import say

from ..checked import also
from . import actions
from .models import Unit
from .rules import KINDS


class OrgUnitSchema(RecordSchema):
    """A unit of the company tree."""

    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", dump_only=True)
    code = fields.text(("编码", "Code"), required=True, longest=40)
    name = fields.text(("名称", "Name"), required=True)
    name_en = fields.text(("英文名称", "English name"))
    kind = fields.choice(("类型", "Kind"), KINDS, required=True)
    parent_id = fields.ref(("上级组织", "Unit above"), "org_unit")
    path_names = ma.List(
        ma.String(), dump_only=True, metadata={"crm": {"kind": "texts", "label": ("路径", "Path"), "group": "main"}}
    )
    manager_id = fields.ref(("负责人", "Manager"), "user")
    cell_id = fields.text(("单元", "Cell"), longest=40, dump_only=True)
    timezone = fields.time_zone(("时区", "Time zone"), allow_none=False)
    currency = also(
        fields.text(("币种", "Currency"), longest=3, allow_none=False),
        validate.Regexp(r"^[A-Z]{3}\Z", error=say("Write an ISO 4217 code such as CNY.")),
    )
    active = fields.boolean(("启用", "Active"), dump_only=True)
    tree_version = ma.Integer(
        dump_only=True, metadata={"crm": {"kind": "integer", "label": ("组织版本", "Tree version"), "group": "system"}}
    )


class MoveBody(Schema):
    """Where a unit goes."""

    parent_id = fields.ref(("上级组织", "Unit above"), "org_unit", required=True)


org_units = Collection(
    "org-units",
    Unit,
    OrgUnitSchema,
    ("组织", "Units"),
    create=actions.create,
    update=actions.update,
    computed={"path_names": actions.path_names},
    verbs=[
        Verb("move", "org_unit:update", when=lambda unit: unit.parent_id is not None, body=MoveBody),
        Verb("close", "org_unit:update", when=lambda unit: unit.active and unit.parent_id is not None),
        Verb("reopen", "org_unit:update", when=lambda unit: not unit.active),
    ],
    frozen=frozenset({"delete", "import"}),
    default_sort=("code",),
)
