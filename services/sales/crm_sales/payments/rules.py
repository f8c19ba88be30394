"""Which allocations a payment may have and may lose, and what a refund settles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from crm_chassis.language import Sentence, say

Problem = tuple[str, str, Sentence]
"""(pointer, code, message)"""


def problems(
    *,
    free: Decimal,
    currency: str,
    customer_id: UUID,
    wanted: Sequence[Mapping[str, Any]],
    known: Mapping[UUID, Any],
) -> list[Problem]:
    """What is wrong with allocations of a payment, empty when nothing is.

    free: what the payment has left. wanted: receivable_id and amount each. known: the receivables the caller sees,
    with customer_id, currency and outstanding.
    """
    found: list[Problem] = []
    asked: dict[UUID, Decimal] = {}
    for index, entry in enumerate(wanted):
        receivable = known.get(entry["receivable_id"])
        at = f"/allocations/{index}"
        if receivable is None:
            found.append((f"{at}/receivable_id", "unknown", say("Choose a receivable that you can see.")))
            continue
        if receivable.customer_id != customer_id:
            found.append((f"{at}/receivable_id", "other_customer", say("This receivable is of another customer.")))
        if receivable.currency != currency:
            found.append(
                (
                    f"{at}/receivable_id",
                    "currency_mixed",
                    say("This receivable is in {currency}.", currency=receivable.currency),
                )
            )
        asked[receivable.id] = asked.get(receivable.id, Decimal(0)) + entry["amount"]
        if asked[receivable.id] > receivable.outstanding:
            found.append(
                (
                    f"{at}/amount",
                    "too_much",
                    say("Only {amount} is still owed.", amount=receivable.outstanding),
                )
            )
    if sum((entry["amount"] for entry in wanted), Decimal(0)) > free:
        found.append(("/allocations", "too_much", say("The payment has only {amount} to allocate.", amount=free)))
    return found


def paid_by(allocations: Iterable[Any]) -> dict[UUID, Decimal]:
    """Receivable -> what allocations (with receivable_id and amount) pay of it."""
    found: dict[UUID, Decimal] = {}
    for each in allocations:
        found[each.receivable_id] = found.get(each.receivable_id, Decimal(0)) + each.amount
    return found


def not_paid(*, paid: Mapping[UUID, Decimal], wanted: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """What is wrong with allocations that are to be taken back, empty when nothing is.

    paid: receivable -> what the payment pays of it. wanted: receivable_id and amount each.
    """
    found: list[Problem] = []
    asked: dict[UUID, Decimal] = {}
    for index, entry in enumerate(wanted):
        receivable_id, at = entry["receivable_id"], f"/allocations/{index}"
        asked[receivable_id] = asked.get(receivable_id, Decimal(0)) + entry["amount"]
        if receivable_id not in paid:
            found.append((f"{at}/receivable_id", "unknown", say("This payment pays nothing of that receivable.")))
        elif asked[receivable_id] > paid[receivable_id]:
            message = say("The payment pays only {amount} of this receivable.", amount=paid[receivable_id])
            found.append((f"{at}/amount", "too_much", message))
    return found


def due_back(
    amount: Decimal, *, paid: Mapping[UUID, Decimal], order_of: Mapping[UUID, UUID], due: Mapping[UUID, Decimal]
) -> dict[UUID, Decimal]:
    """How much of an amount that goes back to the customer settles refunds that are due: receivable -> part.

    paid: receivable -> what the payment pays of it; due: order -> the refund that is due. Parts are positive.
    """
    left, still_due = amount, dict(due)
    parts: dict[UUID, Decimal] = {}
    for receivable_id, most in paid.items():
        order_id = order_of[receivable_id]
        part = min(left, most, still_due[order_id])
        if part > 0:
            parts[receivable_id] = part
            left -= part
            still_due[order_id] -= part
    return parts
