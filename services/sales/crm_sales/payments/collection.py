"""The collection of payments: received once, allocated to receivables or given back, never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb, writing
from crm_chassis.database import everything
from crm_chassis.money import money

from ..customers.queries import ids_by_code
from ..orders.collection import orders
from ..receivables.collection import announce_settled, receivables
from . import actions
from .models import Payment


class AllocationSchema(Schema):
    """The part of a payment that pays one receivable, in the payment's currency."""

    receivable_id = fields.ref(("应收", "Receivable"), "receivable", required=True)
    amount = fields.decimal(("金额", "Amount"), least="0.01", required=True)


class RefundSchema(Schema):
    """What went back to the customer of a payment, in its currency."""

    amount = fields.decimal(("金额", "Amount"), dump_only=True)
    refunded_on = fields.date(("退款日期", "Refunded on"), dump_only=True)
    reason = fields.text(("退款原因", "Refunded because"), dump_only=True)


class PaymentSchema(RecordSchema):
    """What the API shows and takes of a payment. Unit and owner are those of what it paid for, else the customer's."""

    unit_id = fields.ref(("组织", "Unit"), "org_unit", group="system", dump_only=True)
    owner_id = fields.ref(("负责人", "Owner"), "user", group="system", dump_only=True)
    customer_id = fields.ref(("客户", "Customer"), "customer", required=True)
    received_on = fields.date(("收款日期", "Received on"), allow_none=False)
    amount = fields.money(("金额", "Amount"), required=True)
    allocations = fields.rows(("核销明细", "Allocations"), AllocationSchema)
    unallocated = fields.money(("未核销金额", "Unallocated"), dump_only=True)
    refunded = fields.money(("已退款金额", "Refunded"), dump_only=True)
    refunds = fields.rows(("退款明细", "Refunds"), RefundSchema, dump_only=True)
    reference = fields.text(("流水号", "Reference"))
    note = fields.long_text(("备注", "Note"))


class AllocatePaymentBody(Schema):
    """What the rest of a payment pays for."""

    allocations = fields.rows(("核销明细", "Allocations"), AllocationSchema, required=True)


class DeallocatePaymentBody(Schema):
    """What the payment is not to pay for after all, and why."""

    allocations = fields.rows(("核销明细", "Allocations"), AllocationSchema, required=True)
    reason = fields.text(("原因", "Reason"), longest=500)


class RefundPaymentBody(Schema):
    """What went back to the customer, in the payment's currency; when (today when left out), and why."""

    amount = fields.decimal(("金额", "Amount"), least="0.01", required=True)
    refunded_on = fields.date(("退款日期", "Refunded on"), allow_none=False)
    reason = fields.text(("退款原因", "Refunded because"), required=True, longest=500)


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


def deallocate(
    session: Session, payment_id: UUID, *, allocations: Sequence[Mapping[str, Any]], reason: str | None = None
) -> Payment:
    """Take allocations of a payment back, whole or in part. Raises NotFound, Forbidden, Invalid."""
    payment: Payment = writing.get_for(session, payments, payment_id, "payment:create")
    with everything(session):  # what is owed follows the money, whoever may read or change receivables and orders
        changed = actions.deallocate(session, payment, allocations)
    payments.announce(session, payment, "deallocated", reason=reason)
    _announce_changed(session, changed)
    return payment


def refund(
    session: Session, payment_id: UUID, *, amount: Decimal, reason: str, refunded_on: date | None = None
) -> Payment:
    """Write down that money of a payment went back to the customer. Raises NotFound, Forbidden, Invalid."""
    payment: Payment = writing.get_for(session, payments, payment_id, "payment:refund")
    with everything(session):
        changed = actions.refund(session, payment, amount=amount, reason=reason, refunded_on=refunded_on)
    payments.announce(session, payment, "refunded", refund=money(amount, payment.currency), reason=reason)
    _announce_changed(session, changed)
    return payment


def _announce_changed(session: Session, changed: actions.Changed) -> None:
    owed, of_orders = changed
    for receivable in owed:
        receivables.announce(session, receivable, "changed")
    for order in of_orders:
        orders.announce(session, order, "changed")


def _refunds(payment: Payment) -> list[dict[str, Any]]:
    return [
        {"amount": str(item.amount), "refunded_on": item.refunded_on, "reason": item.reason} for item in payment.refunds
    ]


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
        "unallocated": lambda record: money(record.unallocated, record.currency),
        "refunds": _refunds,
    },
    default_sort=("-received_on",),
    verbs=(
        Verb("allocate", "payment:create", when=lambda record: record.unallocated > 0),
        Verb("deallocate", "payment:create", when=lambda record: record.allocated > 0),
        Verb("refund", "payment:refund", when=lambda record: record.refunded < record.amount),
    ),
    lookups={"customer_id": ids_by_code},
)
