"""When a receivable is settled, and when it is overdue. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

PAYMENT_TERM_DAYS = 30
"""How long a customer has to pay after an order is confirmed."""

OPEN = ("open", "partly_paid", "overdue")
"""The states in which money is still expected."""


def due_on(ordered_on: date) -> date:
    """The day a receivable is due: by the order's own date, so that history entered late is due as it was then."""
    return ordered_on + timedelta(days=PAYMENT_TERM_DAYS)


def still_open(amount: Decimal, paid: Decimal, credited: Decimal) -> Decimal:
    """What the customer still owes: the amount less what was paid and what was credited for returned goods."""
    return amount - paid - credited


def status(*, amount: Decimal, paid: Decimal, credited: Decimal, overdue: bool) -> str:
    """The state that follows from the sums. overdue: whether it was found overdue; a part payment does not cure that.

    ``paid`` says that nothing is owed any more, by payment or by credit.
    """
    if still_open(amount, paid, credited) == 0:
        return "paid"
    if overdue:
        return "overdue"
    return "partly_paid" if paid > 0 else "open"
