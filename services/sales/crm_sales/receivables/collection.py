"""The collection of receivables: read and exported; written by orders, payments and the write-off."""

from __future__ import annotations

from uuid import UUID

from marshmallow import Schema
from sqlalchemy import ColumnElement, false, func
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb, writing
from crm_chassis.collection.listing import problem
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_chassis.money import money

from . import actions, rules
from .models import Receivable


class ReceivableSchema(RecordSchema):
    """What the API shows of a receivable."""

    order_id = fields.ref(("订单", "Order"), "order", dump_only=True)
    order_number = fields.text(("订单号", "Order number"), dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", dump_only=True)
    due_on = fields.date(("到期日", "Due"), dump_only=True)
    amount = fields.money(("金额", "Amount"), dump_only=True)
    paid = fields.money(("已收", "Paid"), dump_only=True)
    credited = fields.money(("退货冲减", "Credited"), dump_only=True)
    outstanding = fields.money(("未收余额", "Outstanding"), dump_only=True)
    status = fields.choice(("状态", "Status"), rules.STATUS, dump_only=True)
    overdue_at = fields.moment(("转逾期时间", "Overdue since"), dump_only=True)
    written_off_reason = fields.text(("坏账核销原因", "Written off because"), dump_only=True)


class WriteOffReceivableBody(Schema):
    """Why the money is not expected any more."""

    reason = fields.text(("原因", "Reason"), required=True, longest=500)


def write_off(session: Session, receivable_id: UUID, *, reason: str) -> Receivable:
    """Give a receivable up as bad debt. Raises NotFound, Forbidden, StateConflict."""
    receivable: Receivable = writing.get_for(session, receivables, receivable_id, "receivable:write_off")
    actions.write_off(receivable, reason=reason)
    receivables.announce(session, receivable, "written-off", reason=reason)
    return receivable


def announce_settled(session: Session, receivable: Receivable) -> None:
    """Tell that a payment or a credit changed what is owed."""
    receivables.announce(session, receivable, "paid" if receivable.status == "paid" else "changed")


def _mine(value: str) -> ColumnElement[bool]:
    """The filter ``mine``: the caller's own and those of their customers; not for whom the owner is closed."""
    principal = current_principal()
    if receivables.access(principal).closes("owner_id"):
        raise problem("mine", say("This list has no filter {name}.", name="mine"), "unknown_field")
    if value not in {"true", "false"}:
        raise problem("mine", say("Write true or false."))
    mine = func.coalesce(Receivable.owned_by(principal), false())  # who has no owner is compared with nothing
    return mine if value == "true" else ~mine


receivables = Collection(
    "receivables",
    Receivable,
    ReceivableSchema,
    ("应收", "Receivables"),
    subject="receivable",
    frozen=frozenset({"create", "update", "delete", "import"}),
    computed={"outstanding": lambda record: money(record.outstanding, record.currency)},
    default_sort=("due_on",),
    filters={"mine": _mine},
    verbs=(
        Verb(
            "write-off",
            "receivable:write_off",
            when=lambda record: record.status in rules.OPEN,
            body=WriteOffReceivableBody,
            run=write_off,
        ),
    ),
)
