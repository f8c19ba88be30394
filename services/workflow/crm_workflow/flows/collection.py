"""Approval flows as a collection, and their publication."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, validates_schema
from marshmallow import fields as ma
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb
from crm_chassis.collection.writing import get_for
from crm_chassis.language import say

from ..conditions import OPERATORS
from . import actions, rules
from .models import ApprovalFlow

UPDATE = "approval_flow:update"
SUBJECT_TYPES = [
    ("claim", "报销单", "Claim"),
    ("travel_plan", "出差计划", "Travel plan"),
    ("order", "订单", "Order"),
]
_OPERATOR_LABELS = {
    "eq": ("等于", "is"),
    "ne": ("不等于", "is not"),
    "gt": ("大于", "is more than"),
    "gte": ("不小于", "is at least"),
    "lt": ("小于", "is less than"),
    "lte": ("不大于", "is at most"),
    "in": ("属于", "is one of"),
    "not_in": ("不属于", "is none of"),
    "contains": ("包含", "contains"),
}


class RowSchema(Schema):
    """A row of a list. A merge patch replaces the list, so its rows are whole in a patch too."""

    def load(self, data: Any, **more: Any) -> Any:
        """Read a whole row."""
        return super().load(data, **more | {"partial": False})


class ConditionSchema(RowSchema):
    """A condition on a field that the document's service sends, such as ``amount``."""

    field = fields.text(("字段", "Field"), required=True, longest=60)
    operator = fields.choice(
        ("比较", "Operator"), [(name, *_OPERATOR_LABELS[name]) for name in OPERATORS], required=True
    )
    value = ma.Raw(required=True, metadata={"crm": {"kind": "any", "label": ("值", "Value")}})

    @validates_schema
    def check_value(self, condition: dict[str, Any], **_more: Any) -> None:
        """Refuse a value that the operator cannot compare with."""
        if reason := rules.why_no_condition(condition):
            raise ValidationError(reason, "value")


class ApproverSchema(RowSchema):
    """Who approves: a user, the holders of a role, the requester's manager, or the manager so many levels up."""

    kind = fields.choice(
        ("审批人类型", "Kind"),
        [
            ("user", "指定用户", "User"),
            ("role", "角色", "Role"),
            ("unit_manager", "直属主管", "Unit manager"),
            ("manager_levels", "上N级主管", "Manager N levels up"),
        ],
        required=True,
    )
    value = fields.text(("用户或角色", "User or role"), longest=80)
    levels = fields.integer(("级数", "Levels"), least=1, most=10)

    @validates_schema
    def check_complete(self, approver: dict[str, Any], **_more: Any) -> None:
        """Refuse an approver who is not said completely."""
        if lacks := rules.why_no_approver(approver):
            raise ValidationError(lacks[1], lacks[0])
        if approver["kind"] == "user":
            _check_id(approver["value"])


def _check_id(value: str) -> None:
    try:
        UUID(value)
    except ValueError as error:
        raise ValidationError(say("Choose the user who approves."), "value") from error


class StepSchema(RowSchema):
    """A step. ``parallel`` runs beside the step before it; ``serial`` begins when all before it is done."""

    key = fields.text(("标识", "Key"), required=True, longest=40)
    name = fields.text(("名称", "Name"), required=True, longest=100)
    name_en = fields.text(("英文名称", "English name"), longest=100)
    mode = fields.choice(
        ("方式", "Mode"),
        [("serial", "串行", "In series"), ("parallel", "并行", "In parallel")],
        load_default="serial",
    )
    approvers = fields.rows(("审批人", "Approvers"), ApproverSchema, longest=20, required=True)
    rule = fields.choice(
        ("规则", "Rule"), [("all", "全部同意", "All agree"), ("any", "一人同意", "Any agrees")], load_default="all"
    )
    conditions = fields.rows(("条件", "Conditions"), ConditionSchema, longest=20, load_default=list)
    due_days = fields.integer(("时限（天）", "Due in days"), least=1, most=90, load_default=rules.DUE_DAYS)


class ApprovalFlowSchema(RecordSchema):
    """What the API shows and takes of a flow."""

    name = fields.text(("名称", "Name"), required=True)
    subject_type = fields.choice(("单据类型", "Document"), SUBJECT_TYPES, required=True)
    conditions = fields.rows(("适用条件", "Conditions"), ConditionSchema, longest=20)
    steps = fields.rows(("步骤", "Steps"), StepSchema, longest=50)
    status = fields.choice(
        ("状态", "Status"), [("draft", "草稿", "Draft"), ("published", "已发布", "Published")], dump_only=True
    )
    flow_version = fields.integer(("发布版本", "Published version"), dump_only=True)
    published_at = fields.moment(("发布时间", "Published at"), dump_only=True)


def publish(session: Session, flow_id: UUID) -> ApprovalFlow:
    """Let a flow's working copy run for new approvals."""
    flow: ApprovalFlow = get_for(session, approval_flows, flow_id, UPDATE)
    actions.publish(session, flow)
    session.flush()
    return flow


approval_flows = Collection(
    "approval-flows",
    ApprovalFlow,
    ApprovalFlowSchema,
    ("审批流程", "Approval flows"),
    create=actions.create,
    update=actions.change,
    verbs=[Verb("publish", UPDATE, when=lambda flow: flow.status == "draft", run=publish)],
)
