"""Opportunities in the API: the record, and what the verbs take."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema

from ..lines.schemas import DocumentLineSchema
from .stages import STATUS


class OpportunitySchema(RecordSchema):
    """What the API shows and takes of an opportunity. Stage and status move by verbs."""

    name = fields.text(("名称", "Name"), required=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", required=True)
    contact_id = fields.ref(("联系人", "Contact"), "contact")
    pipeline_id = fields.ref(("销售管道", "Pipeline"), "pipeline", allow_none=False)
    stage = fields.text(("阶段", "Stage"), longest=40, allow_none=False)
    probability = fields.integer(("成交概率 %", "Probability %"), most=100, allow_none=False)
    amount = fields.money(("金额", "Amount"))
    expected_close_on = fields.date(("预计成交日", "Expected close"))
    source = fields.text(("来源", "Source"))
    competitor_ids = fields.refs(("竞争对手", "Competitors"), "competitor")
    team_ids = fields.refs(("团队", "Team"), "user")
    lines = fields.rows(("产品明细", "Products"), DocumentLineSchema)
    next_step = fields.text(("下一步", "Next step"), longest=500)
    status = fields.choice(("状态", "Status"), STATUS, dump_only=True)
    lost_reason = fields.text(("输单原因", "Lost reason"), longest=500, dump_only=True)
    lost_to_id = fields.ref(("输给", "Lost to"), "competitor", dump_only=True)
    won_at = fields.moment(("赢单时间", "Won at"), dump_only=True)
    lost_at = fields.moment(("输单时间", "Lost at"), dump_only=True)
    lead_id = fields.ref(("来自线索", "From lead"), "lead", dump_only=True)
    board_position = fields.decimal(
        ("看板位置", "Board position"), places=8, most="999999999999999", group="system", allow_none=False
    )
    active_at = fields.moment(("最近跟进", "Last worked on"), group="system", dump_only=True)
    stalled_at = fields.moment(("停滞时间", "Stalled since"), group="system", dump_only=True)


class AssignOpportunityBody(Schema):
    """Who works on it from now on, and why."""

    owner_id = fields.ref(("负责人", "Owner"), "user", required=True)
    reason = fields.text(("原因", "Reason"), longest=500)


class AdvanceOpportunityBody(Schema):
    """The stage it reaches, and its place on the board there."""

    stage = fields.text(("阶段", "Stage"), required=True, longest=40)
    board_position = fields.decimal(("看板位置", "Board position"), places=8, most="999999999999999")


class WinOpportunityBody(Schema):
    """When it was won; now when left out."""

    won_at = fields.moment(("赢单时间", "Won at"))


class LoseOpportunityBody(Schema):
    """Why it was lost, and to whom."""

    reason = fields.text(("输单原因", "Lost reason"), required=True, longest=500)
    competitor_id = fields.ref(("输给", "Lost to"), "competitor")


class ReopenOpportunityBody(Schema):
    """Reopening takes no arguments."""


class ChoiceOfPipelineQuery(Schema):
    """The unit that an opportunity is to lie in; the caller's own when left out."""

    unit_id = ma.UUID()


class PlanItemSchema(Schema):
    """One to-do of the development plan."""

    id = ma.UUID(dump_only=True)
    version = ma.Integer(dump_only=True)
    opportunity_id = ma.UUID(dump_only=True)
    due_on = fields.date(("日期", "Due"), required=True)
    todo = fields.text(("事项", "To do"), required=True, longest=500)
    result = fields.text(("结果", "Result"), longest=2000)
    created_at = fields.moment(("创建时间", "Created"), dump_only=True)
