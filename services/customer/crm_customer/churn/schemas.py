"""What the API shows and takes of churn rules and cases."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as ma

from crm_chassis import fields
from crm_chassis.collection import RecordSchema

from .rules import STATUSES


class ChurnRuleSchema(RecordSchema):
    """The fields of a churn rule. It holds in its unit and below, until a unit below makes its own."""

    level = fields.text(("客户级别", "Customer level"), longest=60)
    months_without_order = fields.integer(("未下单月数", "Months without an order"), least=1, most=120, required=True)


class ReasonSchema(Schema):
    """Why a customer is warned of, in both languages and in numbers."""

    code = ma.String(required=True)
    zh = ma.String(required=True)
    en = ma.String(required=True)
    values = ma.Dict(keys=ma.String())


class ChurnCaseSchema(RecordSchema):
    """The fields of a churn case; people write its measures, everything else comes from the verbs and the customer."""

    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", dump_only=True)
    owner_id = fields.ref(("负责人", "Owner"), "user", group="system", dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", dump_only=True)
    customer_name = fields.text(("客户名称", "Customer name"), dump_only=True)
    status = fields.choice(("状态", "Status"), STATUSES, dump_only=True)
    warned_at = fields.moment(("预警时间", "Warned"), dump_only=True)
    reasons = fields.rows(("原因", "Reasons"), ReasonSchema, dump_only=True)
    months = fields.integer(("规则月数", "Months of the rule"), dump_only=True)
    last_order_on = fields.date(("最近订单", "Last order"), dump_only=True)
    probability_alive = ma.Float(
        dump_only=True,
        allow_none=True,
        metadata={"crm": {"kind": "number", "label": ("活跃概率", "Probability alive"), "group": "main"}},
    )
    measures = fields.long_text(("挽回措施", "Measures"))
    reprieved_until = fields.date(("缓期至", "Reprieved until"), dump_only=True)
    lost_reason = fields.text(("流失原因", "Why lost"), dump_only=True)
    recovered_on = fields.date(("确认挽回日期", "Said to be kept on"), group="system", dump_only=True)


class ReprieveBody(Schema):
    """What is done to keep the customer, and until when one waits for it."""

    measures = fields.long_text(("挽回措施", "Measures"), required=True)
    until = fields.date(("缓期至", "Until"), required=True)


class ConfirmLostBody(Schema):
    """Why the customer is lost."""

    reason = fields.text(("流失原因", "Reason"), required=True, longest=500)


class RecoverBody(Schema):
    """Recovering needs no words."""
