"""Which allocations a payment may have. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
