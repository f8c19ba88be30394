"""When a receivable is settled, and when it is overdue. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

PAYMENT_TERM_DAYS = 30
"""How long a customer has to pay after an order is confirmed."""

OPEN = ("open", "partly_paid", "overdue")
"""The states in which money is still expected."""

OWED = ("outstanding", "amount", "paid", "credited")
"""The fields that a sum of what is still owed tells about."""

AGES: tuple[tuple[str, int | None, int | None], ...] = (
    ("not_due", None, 0),
    ("to_30", 1, 30),
    ("to_60", 31, 60),
    ("to_90", 61, 90),
    ("over_90", 91, None),
)
"""Bands of the ageing: name, from and to how many days past due, both inclusive; None: no bound."""

STATUS = (
    ("open", "未收", "Open"),
    ("partly_paid", "部分收款", "Partly paid"),
    ("paid", "已收", "Paid"),
    ("overdue", "逾期", "Overdue"),
    ("written_off", "坏账核销", "Written off"),
)
"""The states of a receivable: value, zh, en."""


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


def ageing(rows: Iterable[Any], today: date) -> list[dict[str, Any]]:
    """Every band of AGES with what is owed in it, empty ones too.

    rows: due_on, currency, count, amount. due_from and due_to are the days a band's receivables were due between, both
    inclusive, so that a list can be filtered by them. Amounts are lists of money, one per currency.
    """
    counted: dict[str, dict[str, Decimal]] = {name: {} for name, _, _ in AGES}
    counts = dict.fromkeys(counted, 0)
    for row in rows:
        name = _band((today - row.due_on).days)
        counts[name] += row.count
        counted[name][row.currency] = counted[name].get(row.currency, Decimal(0)) + row.amount
    return [
        {
            "band": name,
            "due_from": None if most is None else today - timedelta(days=most),
            "due_to": None if least is None else today - timedelta(days=least),
            "count": counts[name],
            "amounts": [
                {"amount": f"{amount:.2f}", "currency": currency} for currency, amount in sorted(counted[name].items())
            ],
        }
        for name, least, most in AGES
    ]


def _band(days: int) -> str:
    return next(name for name, _, most in AGES if most is None or days <= most)
