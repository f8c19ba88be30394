"""The collection of payments: received once, allocated to receivables, never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb, writing
from crm_chassis.money import money

from ..customers.queries import ids_by_code
from ..receivables.collection import announce_settled
from . import actions
from .models import Payment


class AllocationSchema(Schema):
    """The part of a payment that pays one receivable, in the payment's currency."""

    receivable_id = fields.ref(("应收", "Receivable"), "receivable", required=True)
    amount = fields.decimal(("金额", "Amount"), least="0.01", required=True)


class PaymentSchema(RecordSchema):
    """What the API shows and takes of a payment."""

    customer_id = fields.ref(("客户", "Customer"), "customer", required=True)
    received_on = fields.date(("收款日期", "Received on"), allow_none=False)
    amount = fields.money(("金额", "Amount"), required=True)
    allocations = fields.rows(("核销明细", "Allocations"), AllocationSchema)
    unallocated = fields.money(("未核销金额", "Unallocated"), dump_only=True)
    reference = fields.text(("流水号", "Reference"))
    note = fields.long_text(("备注", "Note"))


class AllocatePaymentBody(Schema):
    """What the rest of a payment pays for."""

    allocations = fields.rows(("核销明细", "Allocations"), AllocationSchema, required=True)


def receive(session: Session, values: dict[str, Any]) -> Payment:
    """Take a payment in and settle what it pays for. Raises Invalid."""
    payment, paid = actions.receive(session, values)
    payments.announce(session, payment, "received")
    for receivable in paid:
        announce_settled(session, receivable)
    return payment


def allocate(session: Session, payment_id: UUID, *, allocations: Sequence[Mapping[str, Any]]) -> Payment:
    """Allocate what a payment has left. Raises NotFound, Forbidden, Invalid."""
    payment: Payment = writing.get_for(session, payments, payment_id, "payment:create")
    paid = actions.allocate(session, payment, allocations)
    payments.announce(session, payment, "allocated")
    for receivable in paid:
        announce_settled(session, receivable)
    return payment


def _allocations(payment: Payment) -> list[dict[str, Any]]:
    return [{"receivable_id": item.receivable_id, "amount": str(item.amount)} for item in payment.allocations]


payments = Collection(
    "payments",
    Payment,
    PaymentSchema,
    ("收款", "Payments"),
    subject="payment",
    create=receive,
    frozen=frozenset({"update", "delete"}),
    computed={
        "allocations": _allocations,
        "unallocated": lambda record: money(record.amount - record.allocated, record.currency),
    },
    default_sort=("-received_on",),
    verbs=(Verb("allocate", "payment:create", when=lambda record: record.allocated < record.amount),),
    lookups={"customer_id": ids_by_code},
)
