"""Orders in the API: the record, and what the verbs take."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema
from crm_chassis.language import say

from ..lines.schemas import DocumentLineSchema
from .rules import STATUS

APPROVAL = (
    ("pending", "审批中", "Awaiting approval"),
    ("approved", "已同意", "Approved"),
    ("rejected", "已拒绝", "Rejected"),
    ("returned", "已退回", "Returned for correction"),
    ("withdrawn", "已撤回", "Withdrawn"),
)


def currency_code() -> ma.Field[str]:
    """An ISO 4217 code."""
    return ma.String(
        validate=validate.Regexp(r"^[A-Z]{3}\Z", error=say("Write an ISO 4217 code such as CNY.")),
        metadata={"crm": {"kind": "text", "label": ("币种", "Currency")}, "pattern": "^[A-Z]{3}$"},
    )


class OrderSchema(RecordSchema):
    """What the API shows and takes of an order. Prices of lines are in the order's currency, without tax."""

    number = fields.text(("订单号", "Number"), dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", required=True)
    contract_id = fields.ref(("合同", "Contract"), "contract", dump_only=True)
    quote_id = fields.ref(("报价", "Quote"), "quote", dump_only=True)
    opportunity_id = fields.ref(("销售机会", "Opportunity"), "opportunity")
    ordered_on = fields.date(("下单日期", "Ordered on"), allow_none=False)
    currency = currency_code()
    lines = fields.rows(("明细", "Lines"), DocumentLineSchema, required=True)
    total = fields.money(("总额（含税）", "Total with tax"), dump_only=True)
    status = fields.choice(("状态", "Status"), STATUS, dump_only=True)
    delivered_quantity = fields.decimal(("已交付数量", "Delivered quantity"), places=3, dump_only=True)
    returned_total = fields.money(("退货金额", "Returned"), dump_only=True)
    cancelled_total = fields.money(("未交付取消金额", "Not delivered"), dump_only=True)
    refund_due = fields.money(("应退款", "Refund due"), dump_only=True)
    note = fields.long_text(("备注", "Note"))
    approval_status = fields.choice(("审批状态", "Approval"), APPROVAL, dump_only=True)
    approval_round = fields.integer(("审批轮次", "Approval round"), group="system", dump_only=True)
    approval_id = fields.ref(("审批", "Approval"), "approval", group="system", dump_only=True)
    approval_comment = fields.text(("审批意见", "Approval comment"), dump_only=True)
    confirmed_at = fields.moment(("确认时间", "Confirmed at"), dump_only=True)
    delivered_at = fields.moment(("交付时间", "Delivered at"), dump_only=True)
    closed_at = fields.moment(("关闭时间", "Closed at"), dump_only=True)
    cancelled_at = fields.moment(("取消时间", "Cancelled at"), dump_only=True)
    cancelled_reason = fields.text(("取消原因", "Cancelled because"), dump_only=True)


class MovedLineSchema(Schema):
    """A quantity of one line. line: its number in the order, from 1."""

    line = fields.integer(("行号", "Line"), least=1, most=200, required=True)
    quantity = fields.decimal(("数量", "Quantity"), places=3, least="0.001", most="9999999.999", required=True)


class ConfirmOrderBody(Schema):
    """Confirming takes no arguments."""


class DeliverOrderBody(Schema):
    """What was delivered; everything outstanding when left out."""

    lines = fields.rows(("明细", "Lines"), MovedLineSchema)


class ReturnOrderBody(Schema):
    """What the customer gave back, and why."""

    lines = fields.rows(("明细", "Lines"), MovedLineSchema, required=True)
    reason = fields.text(("原因", "Reason"), longest=500)


class CloseOrderBody(Schema):
    """Why what was not delivered will not be, if there is such."""

    reason = fields.text(("原因", "Reason"), longest=500)


class CancelOrderBody(Schema):
    """Why it is cancelled."""

    reason = fields.text(("原因", "Reason"), longest=500)
