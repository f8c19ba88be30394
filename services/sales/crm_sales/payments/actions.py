"""Receiving money, allocating it and giving it back. Rows only; announcing is the collection's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, errors, org
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from ..customers import queries as customers
from ..customers.models import Customer
from ..orders import actions as orders
from ..orders.models import Order
from ..orders.queries import locked_all
from ..receivables import actions as receivables
from ..receivables.models import Receivable
from ..receivables.queries import FIRST_TO_BEGIN_A_DAY, locked, orders_of
from . import rules
from .models import Payment, PaymentAllocation, PaymentRefund

Changed = tuple[list[Receivable], list[Order]]
"""The receivables and orders that a movement of money changed."""


def receive(session: Session, values: dict[str, Any]) -> tuple[Payment, list[Receivable]]:
    """A payment of a customer the caller sees, and the receivables it paid. Raises Invalid.

    It lies with the first receivable it pays, or else with the customer: in the same unit, with the same owner.
    """
    customer = customers.visible(session, values["customer_id"])
    wanted = values.pop("allocations", [])
    known = _known(session, wanted)
    at = next((known[entry["receivable_id"]] for entry in wanted if entry["receivable_id"] in known), customer)
    payment = Payment(**_placed(values, at, customer), allocations=[], refunds=[])
    _require_reach(payment)
    session.add(payment)
    return payment, _allocate(payment, wanted, known)


def allocate(session: Session, payment: Payment, wanted: Sequence[Mapping[str, Any]]) -> list[Receivable]:
    """Use what a payment has left for receivables, which are locked first. Raises Invalid."""
    return _allocate(payment, wanted, _known(session, wanted))


def apply(payment: Payment, receivable: Receivable, amount: Decimal) -> None:
    """Pay a locked receivable from a payment; the amounts were checked."""
    payment.allocations.append(PaymentAllocation(receivable_id=receivable.id, amount=amount))
    payment.allocated += amount
    receivables.pay(receivable, amount)


def deallocate(session: Session, payment: Payment, wanted: Sequence[Mapping[str, Any]]) -> Changed:
    """Take money of a locked payment back from receivables, so that it can be used otherwise. Raises Invalid.

    What it paid for is owed again, except goods that came back: a refund that was due for them is settled by this.
    Needs ``everything``.
    """
    _refuse(rules.not_paid(paid=rules.paid_by(payment.allocations), wanted=wanted))
    parts: dict[UUID, Decimal] = {}
    for entry in wanted:
        parts[entry["receivable_id"]] = parts.get(entry["receivable_id"], Decimal(0)) + entry["amount"]
    owed, of_orders = _locked(session, list(parts))
    return _release(payment, parts, owed, of_orders)


def refund(session: Session, payment: Payment, *, amount: Decimal, reason: str, refunded_on: date | None) -> Changed:
    """Write down that money of a locked payment went back to the customer, today unless told. Raises Invalid.

    It settles first what is due for goods that came back or were not delivered, then it takes what was not allocated;
    money that pays for goods the customer has stays. Needs ``everything``.
    """
    day = refunded_on or org.today(payment.unit_id)
    _check_day(payment, day)
    paid = rules.paid_by(payment.allocations)
    owed, of_orders = _locked(session, list(paid))
    due = {order.id: order.refund_due for order in of_orders.values()}
    parts = rules.due_back(amount, paid=paid, order_of={each.id: each.order_id for each in owed.values()}, due=due)
    free = amount - sum(parts.values(), Decimal(0))
    if free > payment.unallocated:
        raise errors.field_error(
            "/amount",
            "too_much",
            say(
                "Only {amount} of this payment can be refunded: what is not allocated, and what is due back for its "
                "orders. Take an allocation back first.",
                amount=amount - free + payment.unallocated,
            ),
        )
    changed = _release(payment, parts, owed, of_orders)
    payment.refunded += amount
    by = current_principal().user_id
    payment.refunds.append(PaymentRefund(amount=amount, refunded_on=day, reason=reason, created_by=by))
    return changed


def _placed(values: Mapping[str, Any], at: Receivable | Customer, customer: Customer) -> dict[str, Any]:
    """The values of a new payment, in the unit and with the owner of what it is for."""
    place = {"unit_id": at.unit_id, "owner_id": at.owner_id or customer.owner_id or values["owner_id"]}
    return {
        "received_on": org.today(at.unit_id),
        "allocated": Decimal("0.00"),
        "refunded": Decimal("0.00"),
        **values,
        **place,
    }


def _require_reach(payment: Payment) -> None:
    """Raises Invalid unless the caller may record payments where this one lies, so that they find it again."""
    if not current_principal().covers("payment:create", payment):
        label = permission_label("payment:create")
        raise errors.field_error(
            "/customer_id",
            "out_of_scope",
            say("{permission} of your roles does not reach this customer.", permission=label),
        )


def _known(session: Session, wanted: Sequence[Mapping[str, Any]]) -> dict[UUID, Receivable]:
    return locked(session, [entry["receivable_id"] for entry in wanted]) if wanted else {}


def _allocate(
    payment: Payment, wanted: Sequence[Mapping[str, Any]], known: Mapping[UUID, Receivable]
) -> list[Receivable]:
    found = rules.problems(
        free=payment.unallocated,
        currency=payment.currency,
        customer_id=payment.customer_id,
        wanted=wanted,
        known=known,
    )
    _refuse(found)
    for entry in wanted:
        apply(payment, known[entry["receivable_id"]], entry["amount"])
    return list(known.values())


def _locked(session: Session, receivable_ids: Sequence[UUID]) -> tuple[dict[UUID, Receivable], dict[UUID, Order]]:
    """Receivables and their orders, locked: the orders first, as the verbs of orders do."""
    of_orders = locked_all(session, orders_of(session, receivable_ids))
    return locked(session, receivable_ids), of_orders


def _release(
    payment: Payment, parts: Mapping[UUID, Decimal], owed: Mapping[UUID, Receivable], of_orders: Mapping[UUID, Order]
) -> Changed:
    """Loosen amounts, by receivable, from what the payment was allocated to; they were checked."""
    touched: dict[UUID, Order] = {}
    for receivable_id, amount in parts.items():
        receivable = owed[receivable_id]
        order = of_orders[receivable.order_id]
        before = order.refund_due
        orders.settle_refund(order, receivable, amount)
        if order.refund_due != before:
            touched[order.id] = order
        _loosen(payment, receivable_id, amount)
    return [owed[receivable_id] for receivable_id in parts], list(touched.values())


def _loosen(payment: Payment, receivable_id: UUID, amount: Decimal) -> None:
    """Take an amount out of the payment's allocations to a receivable, the latest first."""
    payment.allocated -= amount
    for item in [each for each in reversed(payment.allocations) if each.receivable_id == receivable_id]:
        part = min(item.amount, amount)
        amount -= part
        if part == item.amount:
            payment.allocations.remove(item)
        else:
            item.amount -= part


def _check_day(payment: Payment, day: date) -> None:
    if day < payment.received_on:
        message = say("The payment was received on {date}; it cannot go back before.", date=payment.received_on)
        raise errors.field_error("/refunded_on", "before_received", message)
    if day > clock.today(FIRST_TO_BEGIN_A_DAY):  # today of who records it may be tomorrow where the payment lies
        raise errors.field_error("/refunded_on", "future", say("Record a refund when the money has gone."))


def _refuse(problems: Sequence[rules.Problem]) -> None:
    if problems:
        raise errors.Invalid(problems[0][2], errors=[errors.entry(*problem) for problem in problems])
