"""What the API shows and takes of requests."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema

from ..vocabulary import CHANNELS, KINDS, PRIORITIES, STATUSES

_FIXED: dict[str, Any] = {"dump_only": True}


class RequestSchema(RecordSchema):
    """A request. The state and what follows from it change by verbs only."""

    number = fields.text(("编号", "Number"), **_FIXED)
    summary = fields.text(("摘要", "Summary"), required=True)
    kind = fields.choice(("类别", "Kind"), KINDS, required=True)
    customer_id = fields.ref(("客户", "Customer"), "customer")
    contact_id = fields.ref(("联系人", "Contact"), "contact")
    channel = fields.choice(("渠道", "Channel"), CHANNELS, allow_none=False)
    priority = fields.choice(("优先级", "Priority"), PRIORITIES, allow_none=False)
    description = fields.long_text(("详情", "Description"))
    assignee_id = fields.ref(("处理人", "Assignee"), "user", **_FIXED)
    status = fields.choice(("状态", "Status"), STATUSES, **_FIXED)
    answer = fields.long_text(("答复", "Answer"), **_FIXED)
    answered_at = fields.moment(("答复时间", "Answered"), **_FIXED)
    satisfaction = fields.integer(("满意度", "Satisfaction"), least=1, most=5, **_FIXED)
    feedback = fields.long_text(("客户反馈", "Feedback"), **_FIXED)
    rated_at = fields.moment(("评价时间", "Rated"), **_FIXED)
    archived_at = fields.moment(("归档时间", "Archived"), **_FIXED)
    reopened_count = fields.integer(("重开次数", "Times reopened"), **_FIXED)
    escalated_at = fields.moment(("升级时间", "Escalated"), **_FIXED)
    held_until = fields.moment(("挂起至", "On hold until"), group="sla", **_FIXED)
    hold_reason = fields.text(("挂起原因", "Reason for hold"), group="sla", **_FIXED)
    response_due_at = fields.moment(("应响应时间", "Response due"), group="sla", **_FIXED)
    responded_at = fields.moment(("首次响应", "First response"), group="sla", **_FIXED)
    due_at = fields.moment(("应解决时间", "Due"), group="sla", **_FIXED)
    sla_warned = fields.boolean(("已预警", "Warned"), group="sla", **_FIXED)
    sla_breached = fields.boolean(("已超时", "Overdue"), group="sla", **_FIXED)
    response_breached = fields.boolean(("响应超时", "Response overdue"), group="sla", **_FIXED)
    breach_count = fields.integer(("超时次数", "Limits broken"), group="sla", **_FIXED)


class AssignBody(Schema):
    """Who is to work on it."""

    assignee_id = fields.ref(("处理人", "Assignee"), "user", required=True)


class HoldBody(Schema):
    """Why the clock stops, and until when."""

    until = fields.moment(("挂起至", "Until"), required=True)
    reason = fields.text(("原因", "Reason"), required=True)


class AnswerBody(Schema):
    """What the customer is told."""

    answer = fields.long_text(("答复", "Answer"), required=True)


class FeedbackBody(Schema):
    """How satisfied the customer is, 1 to 5."""

    satisfaction = fields.integer(("满意度", "Satisfaction"), least=1, most=5, required=True)
    comment = fields.long_text(("反馈", "Comment"), load_default=None)


class ReasonBody(Schema):
    """Why."""

    reason = fields.text(("原因", "Reason"), load_default=None, longest=500)


class CommentSchema(Schema):
    """A comment: plain text, shown as it was written."""

    id = ma.UUID(dump_only=True)
    request_id = ma.UUID(dump_only=True)
    author_id = ma.UUID(dump_only=True)
    body = fields.long_text(("内容", "Text"), required=True)
    public = fields.boolean(("对客户公开", "Public"), load_default=False)
    created_at = fields.moment(("时间", "Written"), dump_only=True)


class CommentsSchema(Schema):
    """A page of comments, oldest first."""

    items = ma.List(ma.Nested(CommentSchema))
    next_cursor = ma.String(allow_none=True)


class CommentsQuery(Schema):
    """Which page of comments."""

    limit = ma.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = ma.String(load_default=None)
