"""Expense policies: an ordinary collection, inherited down the tree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema
from crm_chassis.collection.writing import assign
from crm_chassis.database import Record, record_indexes
from crm_chassis.errors import field_error

from ..categories import queries as categories
from ..tables import Base


class ExpensePolicy(Record, Base):
    """A limit per day for a category; a unit's policies hold below it until a nearer unit has its own.

    city_tier: None for everywhere. grade: the key of a role, such as ``executive``; None for everybody.
    """

    __tablename__ = "expense_policies"
    __table_args__ = record_indexes("expense_policies", Index("ix_expense_policies_category_id", "category_id"))
    __resource__ = "expense_policy"

    category_id: Mapped[UUID] = mapped_column(ForeignKey("expense_categories.id"))
    city_tier: Mapped[str | None] = mapped_column(String(1))
    grade: Mapped[str | None] = mapped_column(String(80))
    limit_per_day: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(String(3))


class ExpensePolicySchema(RecordSchema):
    """What the API shows and takes of a policy."""

    category_id = fields.ref(("费用类别", "Category"), "expense_category", required=True)
    city_tier = fields.choice(
        ("城市级别", "City tier"),
        [("1", "一线城市", "First tier"), ("2", "省会及计划单列市", "Second tier"), ("3", "其他城市", "Other")],
    )
    grade = fields.text(("适用角色", "Grade (role)"), longest=80)
    limit_per_day = fields.money(("每日限额", "Limit per day"), required=True)


def create(session: Session, values: dict[str, Any]) -> ExpensePolicy:
    """Add a policy for a category that holds in its unit. Raises Invalid."""
    policy = ExpensePolicy(**values)
    _check_category(session, policy)
    session.add(policy)
    return policy


def update(session: Session, policy: ExpensePolicy, values: dict[str, Any]) -> None:
    """Change a policy. Raises Invalid when its category does not hold in its unit."""
    assign(policy, values)
    _check_category(session, policy)


def _check_category(session: Session, policy: ExpensePolicy) -> None:
    if policy.category_id not in categories.usable(session, policy.unit_id):
        raise field_error("/category_id", "unknown", "Choose an active category of this unit or of one above it.")


expense_policies = Collection(
    "expense-policies",
    ExpensePolicy,
    ExpensePolicySchema,
    ("费用标准", "Expense policies"),
    create=create,
    update=update,
)
