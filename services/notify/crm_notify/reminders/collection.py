"""Reminder rules: how long before or after something a unit and those below it are reminded."""

from __future__ import annotations

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from . import rules
from .models import ReminderRule

_KINDS = (
    (rules.ACTIVITY, "日程开始前", "Before an activity is due"),
    (rules.APPROVAL, "审批提交后", "After an approval was asked"),
    (rules.RECEIVABLE, "应收到期前", "Before a receivable is due"),
    (rules.INACTIVE, "最后登录后", "After the last sign-in"),
    (rules.CHURN, "流失预警后升级", "After a churn alert, to the manager"),
)
_YEAR = 366 * 24 * 60


class ReminderRuleSchema(RecordSchema):
    """What the API shows and takes of a reminder rule."""

    kind = fields.choice(("种类", "Kind"), _KINDS, required=True)
    minutes = fields.integer(("分钟", "Minutes"), most=_YEAR, required=True)
    active = fields.boolean(("启用", "Active"))


reminder_rules = Collection("reminder-rules", ReminderRule, ReminderRuleSchema, ("提醒规则", "Reminder rules"))
