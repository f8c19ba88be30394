"""Expense categories: an ordinary collection, inherited down the tree."""

from __future__ import annotations

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema

from .models import ExpenseCategory


class ExpenseCategorySchema(RecordSchema):
    """What the API shows and takes of a category."""

    code = fields.text(("编码", "Code"), required=True, longest=40)
    name = fields.text(("名称", "Name"), required=True)
    name_en = fields.text(("英文名称", "English name"))
    active = fields.boolean(("启用", "Active"))


expense_categories = Collection(
    "expense-categories",
    ExpenseCategory,
    ExpenseCategorySchema,
    ("费用类别", "Expense categories"),
    default_sort=("code",),
)
