"""What an order may do, and what deliveries and returns come to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crm_chassis.language import Sentence, say

DISCOUNT_LIMIT = Decimal(20)
"""Percent below the list price that an order may be confirmed with by itself; beyond, it asks for approval."""

EDITABLE_APPROVALS = (None, "rejected", "returned", "withdrawn")
"""Approval states in which a draft may be edited and asked for again."""

RETURNABLE = frozenset({"confirmed", "delivered"})
"""The states in which delivered goods may come back."""

CANCELLABLE = frozenset({"draft", "confirmed", "delivered"})
"""The states in which an order may be cancelled, as long as the customer has nothing of it."""

_HUNDRED = Decimal(100)
_CENT = Decimal("0.01")


class LineUnfit(ValueError):
    """A delivery or return names a line or a quantity that does not fit. line: its number in the order."""

    def __init__(self, line: int, message: Sentence) -> None:
        super().__init__(message)
        self.line, self.message = line, message


def reduction(line: Mapping[str, Any]) -> Decimal:
    """How far a line's price after discount lies below its list price, in percent with two places; 0 when above.

    A line without a list price is measured by its own discount.
    """
    discount = Decimal(line["discount"])
    listed = Decimal(line["list_price"] or 0)
    if listed == 0:
        return discount
    paid = Decimal(line["price"]) * (_HUNDRED - discount) / _HUNDRED
    below = (listed - paid) * _HUNDRED / listed
    return max(below, discount, Decimal(0)).quantize(_CENT, rounding=ROUND_HALF_UP)


def largest_reduction(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """The reduction of the line that is reduced most, 0 without lines."""
    return max((reduction(line) for line in lines), default=Decimal(0))


def needs_approval(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether somebody has to agree to the discounts first."""
    return largest_reduction(lines) > DISCOUNT_LIMIT


def delivered(lines: Sequence[Mapping[str, Any]], quantities: Mapping[int, Decimal] | None) -> list[dict[str, Any]]:
    """The lines after a delivery. quantities: line number -> quantity; None delivers everything outstanding.

    Raises LineUnfit for an unknown line and for more than is outstanding.
    """
    wanted = quantities if quantities is not None else {line["line"]: outstanding(line) for line in lines}
    return _moved(
        lines,
        wanted,
        outstanding,
        "delivered_quantity",
        say("Of line {number} only {quantity} are still to be delivered."),
    )


def returned(lines: Sequence[Mapping[str, Any]], quantities: Mapping[int, Decimal]) -> list[dict[str, Any]]:
    """The lines after a return of delivered goods. Raises LineUnfit."""
    return _moved(
        lines,
        quantities,
        returnable,
        "returned_quantity",
        say("Of line {number} only {quantity} are with the customer."),
    )


def _moved(
    lines: Sequence[Mapping[str, Any]], wanted: Mapping[int, Decimal], free: Any, field: str, too_many: Sentence
) -> list[dict[str, Any]]:
    by_number = {line["line"]: dict(line) for line in lines}
    for number, quantity in wanted.items():
        if number not in by_number:
            raise LineUnfit(number, say("There is no line {number} in this order.", number=number))
        line = by_number[number]
        if quantity > free(line):
            raise LineUnfit(number, too_many.format(number=number, quantity=free(line)))
        line[field] = _text(Decimal(line[field]) + quantity)
    return list(by_number.values())


def given_up(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines when nothing more will be delivered: what was outstanding of each is cancelled."""
    return [{**line, "cancelled_quantity": _text(cancelled(line) + outstanding(line))} for line in lines]


def outstanding(line: Mapping[str, Any]) -> Decimal:
    """The quantity of a line still to be delivered."""
    return Decimal(line["quantity"]) - Decimal(line["delivered_quantity"]) - cancelled(line)


def cancelled(line: Mapping[str, Any]) -> Decimal:
    """The quantity of a line that will not be delivered any more. Lines of before such were kept say nothing of it."""
    return Decimal(line.get("cancelled_quantity") or 0)


def returnable(line: Mapping[str, Any]) -> Decimal:
    """The quantity of a line that the customer has."""
    return Decimal(line["delivered_quantity"]) - Decimal(line["returned_quantity"])


def is_with_customer(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the customer has anything of what was delivered."""
    return any(returnable(line) > 0 for line in lines)


def is_complete(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing is left to deliver."""
    return all(outstanding(line) == 0 for line in lines)


def quantity(lines: Sequence[Mapping[str, Any]], field: str) -> Decimal:
    """The sum of a quantity over the lines."""
    return sum((Decimal(line[field]) for line in lines), Decimal(0))


def returned_value(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """What all returned goods cost, tax included: of each line its total in proportion, rounded half up.

    Counted from the whole of what was returned so far, so that many small returns add up to the line's total.
    """
    return sum((_share(line, Decimal(line["returned_quantity"])) for line in lines), Decimal("0.00"))


def not_kept_value(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """The same of all that came back or will not be delivered any more: never more than the lines' totals."""
    parts = (_share(line, Decimal(line["returned_quantity"]) + cancelled(line)) for line in lines)
    return sum(parts, Decimal("0.00"))


def _share(line: Mapping[str, Any], part: Decimal) -> Decimal:
    value = Decimal(line["total"]) * part / Decimal(line["quantity"])
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


STATUS = (
    ("draft", "草稿", "Draft"),
    ("confirmed", "已确认", "Confirmed"),
    ("delivered", "已交付", "Delivered"),
    ("closed", "已关闭", "Closed"),
    ("cancelled", "已取消", "Cancelled"),
)
"""The states: value, zh, en."""
