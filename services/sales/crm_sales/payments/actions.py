"""Receiving money and allocating it. Rows only; announcing is the collection's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from crm_chassis import clock, errors

from ..customers import queries as customers
from ..receivables import actions as receivables
from ..receivables.models import Receivable
from ..receivables.queries import locked
from . import rules
from .models import Payment, PaymentAllocation


def receive(session: Session, values: dict[str, Any]) -> tuple[Payment, list[Receivable]]:
    """A payment of a customer the caller sees, and the receivables it paid. Raises Invalid."""
    customers.visible(session, values["customer_id"])
    wanted = values.pop("allocations", [])
    payment = Payment(**{"received_on": clock.today(), "allocated": Decimal("0.00"), **values}, allocations=[])
    session.add(payment)
    return payment, allocate(session, payment, wanted)


def allocate(session: Session, payment: Payment, wanted: Sequence[Mapping[str, Any]]) -> list[Receivable]:
    """Use what a payment has left for receivables, which are locked first. Raises Invalid."""
    known = locked(session, [entry["receivable_id"] for entry in wanted]) if wanted else {}
    problems = rules.problems(
        free=payment.amount - payment.allocated,
        currency=payment.currency,
        customer_id=payment.customer_id,
        wanted=wanted,
        known=known,
    )
    if problems:
        found = [errors.entry(*problem) for problem in problems]
        raise errors.Invalid(problems[0][2], errors=found)
    for entry in wanted:
        apply(payment, known[entry["receivable_id"]], entry["amount"])
    return list(known.values())


def apply(payment: Payment, receivable: Receivable, amount: Decimal) -> None:
    """Pay a locked receivable from a payment; the amounts were checked."""
    payment.allocations.append(PaymentAllocation(receivable_id=receivable.id, amount=amount))
    payment.allocated += amount
    receivables.pay(receivable, amount)
