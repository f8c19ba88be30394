"""Expense policies: an ordinary collection, inherited down the tree."""

from __future__ import annotations

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from . import actions
from .models import ExpensePolicy


class ExpensePolicySchema(RecordSchema):
    """What the API shows and takes of a policy."""

    category_id = fields.ref(("费用类别", "Category"), "expense_category", required=True)
    city_tier = fields.choice(
        ("城市级别", "City tier"),
        [("1", "一线城市", "First tier"), ("2", "省会及计划单列市", "Second tier"), ("3", "其他城市", "Other")],
    )
    grade = fields.text(("适用角色", "Grade (role)"), longest=80)
    limit_per_day = fields.money(("每日限额", "Limit per day"), required=True)


expense_policies = Collection(
    "expense-policies",
    ExpensePolicy,
    ExpensePolicySchema,
    ("费用标准", "Expense policies"),
    create=actions.create,
    update=actions.update,
)
