"""What happens to a receivable. Each function changes rows only; announcing is the collection's part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crm_chassis import clock, errors
from crm_chassis.language import say, word

from . import rules
from .models import Receivable


def open_for(order: Any) -> Receivable | None:
    """The receivable of an order that is being confirmed; None when it costs nothing."""
    if order.total == 0:
        return None
    return Receivable(
        order_id=order.id,
        order_number=order.number,
        customer_id=order.customer_id,
        unit_id=order.unit_id,
        owner_id=order.owner_id,
        due_on=rules.due_on(order.ordered_on),
        amount=order.total,
        paid=Decimal("0.00"),
        credited=Decimal("0.00"),
        currency=order.currency,
        status="open",
    )


def pay(receivable: Receivable, amount: Decimal) -> None:
    """Count a payment against a locked receivable. amount: positive, at most what is outstanding."""
    receivable.paid += amount
    _settle(receivable)


def unpay(receivable: Receivable, amount: Decimal, *, credited: Decimal) -> None:
    """Money that paid a locked receivable goes back.

    amount: positive, at most what was paid; credited: the part of it that is not owed again, because its goods came back.
    """
    receivable.paid -= amount
    receivable.credited += credited
    if receivable.status != "written_off":
        _settle(receivable)


def credit(receivable: Receivable, amount: Decimal) -> Decimal:
    """Reduce what was never paid for returned goods; answers how much of the amount could be credited.

    A receivable that was written off stays so: its goods are not owed any more, and there is no money to give back.
    """
    credited = min(amount, rules.still_open(receivable.amount, receivable.paid, receivable.credited))
    receivable.credited += credited
    if credited and receivable.status != "written_off":
        _settle(receivable)
    return credited


def write_off(receivable: Receivable, *, reason: str) -> None:
    """Give up what is still owed. Raises StateConflict when nothing is."""
    if receivable.status not in rules.OPEN:
        raise errors.StateConflict(
            say("This receivable is {status}; nothing is owed.", status=word(rules.STATUS, receivable.status))
        )
    receivable.status, receivable.written_off_reason = "written_off", reason


def mark_overdue(receivable: Receivable) -> None:
    """Its day has passed."""
    receivable.status, receivable.overdue_at = "overdue", clock.now()


def _settle(receivable: Receivable) -> None:
    receivable.status = rules.status(
        amount=receivable.amount,
        paid=receivable.paid,
        credited=receivable.credited,
        overdue=receivable.overdue_at is not None,
    )
