"""Money: a Decimal amount with two places and an ISO 4217 currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    """To two places, half up, as invoices are."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def money(amount: Decimal | None, currency: str) -> dict[str, Any] | None:
    """The API form ``{"amount": "12.30", "currency": "CNY"}``; None stays None."""
    return None if amount is None else {"amount": f"{amount:.2f}", "currency": currency}
