"""What the API shows and takes of an activity."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema

from .rules import STATUSES

KINDS: fields.Options = [
    ("task", "任务", "Task"),
    ("call", "电话", "Call"),
    ("meeting", "会议", "Meeting"),
    ("visit", "拜访", "Visit"),
]
PRIORITIES: fields.Options = [("low", "低", "Low"), ("normal", "普通", "Normal"), ("high", "高", "High")]
RECURRENCES: fields.Options = [
    ("daily", "每天", "Daily"),
    ("weekly", "每周", "Weekly"),
    ("monthly", "每月", "Monthly"),
    ("yearly", "每年", "Yearly"),
]


class AboutSchema(Schema):
    """A record of any service: what the activity is about."""

    type = fields.text(("类型", "Type"), required=True, longest=40)
    id = ma.UUID(required=True)


class ActivitySchema(RecordSchema):
    """The fields of an activity. Its number, status and outcome are written by its verbs."""

    subject = fields.text(("主题", "Subject"), required=True)
    number = fields.text(("编号", "Number"), dump_only=True)
    category = fields.text(("类别", "Category"), longest=60)
    kind = fields.choice(("方式", "Kind"), KINDS, allow_none=False)
    customer_id = fields.ref(("客户", "Customer"), "customer")
    contact_id = fields.ref(("联系人", "Contact"), "contact")
    about = ma.Nested(
        AboutSchema,
        allow_none=True,
        metadata={"crm": {"kind": "object", "label": ("相关记录", "About"), "group": "main"}},
    )
    plan = fields.long_text(("计划", "Plan"))
    starts_at = fields.moment(("开始", "Starts"))
    due_at = fields.moment(("截止", "Due"))
    priority = fields.choice(("优先级", "Priority"), PRIORITIES, allow_none=False)
    status = fields.choice(("状态", "Status"), STATUSES, dump_only=True)
    assignee_id = fields.ref(("执行人", "Assignee"), "user", allow_none=False)
    recurrence = fields.choice(("重复", "Repeats"), RECURRENCES)
    outcome = fields.long_text(("结果", "Outcome"), dump_only=True)
    done_at = fields.moment(("完成时间", "Done"), group="system", dump_only=True)
    overdue_at = fields.moment(("逾期时间", "Overdue since"), group="system", dump_only=True)


class CompleteBody(Schema):
    """What came of it; ``as_interaction`` also records it as an interaction with the customer."""

    outcome = fields.long_text(("结果", "Outcome"), required=True)
    as_interaction = fields.boolean(("记为交往", "Record as interaction"), load_default=False)


class CancelBody(Schema):
    """Why it will not happen."""

    reason = fields.text(("原因", "Reason"), longest=500)


class FeedView(Schema):
    """Where the caller's calendar can be subscribed to. The address is a secret: who has it reads the calendar."""

    token = ma.String()
    url = ma.String()


class FeedQuery(Schema):
    """The signed token of a calendar."""

    token = ma.String(required=True, validate=validate.Length(max=500))
