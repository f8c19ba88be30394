"""What a line comes to. Pure.

Prices are without tax. Of each line: net = quantity x price x (100 - discount) %, tax = net x tax rate %, both rounded
to two places half up (as invoices are, GB/T 8170 names it 四舍五入); total = net + tax. A document's total is the sum of
its lines' totals, so it always equals what the printed lines add up to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crm_chassis.language import Sentence, say

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
LARGEST = Decimal("9999999999999.99")
"""The largest total of a document; the money field of the API takes no more either."""


class LineRefused(ValueError):
    """A line cannot be priced. field: which of its fields is wrong; code and message as the API shows them."""

    def __init__(self, field: str, code: str, message: Sentence) -> None:
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


@dataclass(frozen=True, slots=True)
class Amounts:
    """What one line comes to, in the document's currency, two places."""

    net: Decimal
    tax: Decimal
    total: Decimal


def amounts(*, quantity: Decimal, price: Decimal, discount: Decimal, tax_rate: Decimal) -> Amounts:
    """Net, tax and total of a line; discount and tax_rate in percent, 0 to 100."""
    net = _rounded(quantity * price * (HUNDRED - discount) / HUNDRED)
    tax = _rounded(net * tax_rate / HUNDRED)
    return Amounts(net, tax, net + tax)


def completed(line: Mapping[str, Any], number: int, product: Any | None, currency: str) -> dict[str, Any]:
    """The line as it is kept: what the product says filled in, amounts computed, every value as JSON has it.

    product: has id, code, name, unit, price, currency, tax_rate; None when the line names none. list_price is the
    product's price when it is in the document's currency, else null. Raises LineRefused.
    """
    name = line.get("name") or (product.name if product else None)
    if not name:
        raise LineRefused("name", "required", say("Name a product, or write what is sold."))
    list_price = product.price if product and product.currency == currency else None
    price = line.get("price") if line.get("price") is not None else list_price
    if price is None:
        raise LineRefused(
            "price", "required", say("There is no list price in {currency}; write the price.", currency=currency)
        )
    discount = line.get("discount") or Decimal(0)
    tax_rate = line["tax_rate"] if line.get("tax_rate") is not None else (product.tax_rate if product else Decimal(0))
    sums = amounts(quantity=line["quantity"], price=price, discount=discount, tax_rate=tax_rate)
    if sums.total > LARGEST:
        raise LineRefused("quantity", "too_large", say("Split this line: its total is too large."))
    return {
        "line": number,
        "product_id": str(product.id) if product else None,
        "product_code": product.code if product else None,
        "name": name,
        "unit": line.get("unit") or (product.unit if product else None),
        "quantity": _text(line["quantity"]),
        "price": str(_rounded(price)),
        "list_price": None if list_price is None else str(list_price),
        "discount": _text(discount),
        "tax_rate": _text(tax_rate),
        "net": str(sums.net),
        "tax": str(sums.tax),
        "total": str(sums.total),
    }


def total(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """The sum of the lines' totals. Raises LineRefused when the API could not show it."""
    found = sum((Decimal(line["total"]) for line in lines), Decimal("0.00"))
    if found > LARGEST:
        raise LineRefused("quantity", "too_large", say("Split this document: its total is too large."))
    return found


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _text(number: Decimal) -> str:
    """Without trailing zeros and without exponent: ``2``, ``0.5``."""
    return f"{number.normalize():f}"
