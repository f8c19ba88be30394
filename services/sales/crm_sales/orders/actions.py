"""What can be done to an order. Each function changes rows only; announcing is the collection's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, numbering, org
from crm_chassis.collection.declaration import company_code
from crm_chassis.language import Sentence, say, word

from ..customers import queries as customers
from ..lines import actions as lines
from ..lines.queries import currency_of
from ..opportunities import queries as opportunities
from ..receivables import actions as receivables
from ..receivables.models import Receivable
from ..receivables.queries import of_order
from . import rules
from .models import Order
from .rules import STATUS

_UNMOVED = {"delivered_quantity": "0", "returned_quantity": "0", "cancelled_quantity": "0"}
"""What a line of a draft says of its goods."""


def create(session: Session, values: dict[str, Any]) -> Order:
    """A draft for a customer the caller sees, with a number of its company. Raises Invalid."""
    customers.visible(session, values["customer_id"])
    _check_opportunity(session, values)
    currency = values.get("currency") or currency_of(session, values["unit_id"])
    priced = lines.price(session, values["lines"], currency)
    number = numbering.code(company_code(values["unit_id"]), "order")
    order = draft({**values, "currency": currency, "lines": priced}, number=f"SO-{number}")
    session.add(order)
    return order


def draft(values: Mapping[str, Any], *, number: str) -> Order:
    """A draft from values whose lines are priced. Raises Invalid when the total is too large."""
    kept = [{**line, **_UNMOVED} for line in values["lines"]]
    total = lines.total(kept)
    own = {"ordered_on": org.today(values["unit_id"]), "status": "draft", "approval_round": 0}
    sums = dict.fromkeys(("returned_total", "cancelled_total", "refund_due"), Decimal("0.00"))
    moved = {"delivered_quantity": Decimal(0)}
    return Order(**{**own, **sums, **moved, **values, "lines": kept, "total": total, "number": number})


def change(session: Session, order: Order, values: dict[str, Any]) -> None:
    """Change a draft; its lines are priced again. Raises Invalid."""
    if values.get("customer_id", order.customer_id) != order.customer_id:
        customers.visible(session, values["customer_id"])
    _check_opportunity(session, values)
    if values.get("currency", order.currency) != order.currency and "lines" not in values:
        raise errors.field_error("/lines", "required", say("Send the lines with their prices in the new currency."))
    if "lines" in values:
        priced = lines.price(session, values["lines"], values.get("currency", order.currency))
        values["lines"] = [{**line, **_UNMOVED} for line in priced]
        values["total"] = lines.total(priced)
    for name, value in values.items():
        setattr(order, name, value)


def locked(order: Any) -> Sentence | None:
    """Why an order may not be edited or deleted now, or None."""
    if order.status != "draft":
        return say("This order is {status}; only drafts can be edited.", status=word(STATUS, order.status))
    if order.approval_status not in rules.EDITABLE_APPROVALS:
        return say("This order awaits approval; withdraw the approval first.")
    return None


def require_draft(order: Order) -> None:
    """Raises StateConflict unless the order can be confirmed or sent for approval now."""
    reason = locked(order)
    if reason:
        raise errors.StateConflict(reason)


def ask_approval(order: Order) -> None:
    """Lock the draft until somebody decided about its discounts; each asking is a round of its own."""
    order.approval_status, order.approval_comment = "pending", None
    order.approval_round += 1
    order.approval_id = ids.uuid7()


def decide(order: Order, *, status: str, comment: str | None) -> None:
    """Take over what was decided: approved, rejected, returned or withdrawn."""
    order.approval_status, order.approval_comment = status, comment


def confirm(order: Order) -> Receivable | None:
    """Make the order binding; answers the receivable that comes from it, None when it costs nothing."""
    order.status, order.confirmed_at = "confirmed", clock.now()
    return receivables.open_for(order)


def deliver(order: Order, moved: Sequence[Mapping[str, Any]] | None) -> None:
    """Count a delivery; when nothing is left to deliver the order is delivered. Raises StateConflict, Invalid."""
    if order.status != "confirmed":
        raise errors.StateConflict(
            say("This order is {status}; only confirmed orders are delivered.", status=word(STATUS, order.status))
        )
    order.lines = _fitting(rules.delivered, order, moved)
    order.delivered_quantity = rules.quantity(order.lines, "delivered_quantity")
    if rules.is_complete(order.lines):
        order.status, order.delivered_at = "delivered", clock.now()


def take_back(session: Session, order: Order, moved: Sequence[Mapping[str, Any]]) -> tuple[Decimal, list[Receivable]]:
    """Take goods back: their value reduces what is owed, and beyond that becomes a refund that is due.

    Answers the value and the receivables that changed. Raises StateConflict, Invalid.
    """
    if order.status not in rules.RETURNABLE:
        raise errors.StateConflict(
            say(
                "This order is {status}; goods come back from delivered orders only.", status=word(STATUS, order.status)
            )
        )
    order.lines = _fitting(rules.returned, order, moved)
    value = rules.returned_value(order.lines) - order.returned_total
    order.returned_total += value
    return value, _credit(session, order, value)


def close(session: Session, order: Order, *, reason: str | None = None) -> list[Receivable]:
    """Put an order away of which something was delivered; what was not is cancelled, and not owed any more.

    Answers the receivables that changed by that. Raises StateConflict.
    """
    if not may_close(order):
        raise errors.StateConflict(
            say("Nothing of this order was delivered; cancel it instead.")
            if order.status == "confirmed"
            else say("This order is {status}; only delivered orders are closed.", status=word(STATUS, order.status))
        )
    credited: list[Receivable] = []
    if not rules.is_complete(order.lines):
        order.lines, order.cancelled_reason = rules.given_up(order.lines), reason
        order.cancelled_total = rules.not_kept_value(order.lines) - order.returned_total
        credited = _credit(session, order, order.cancelled_total)
    order.status, order.closed_at = "closed", clock.now()
    return credited


def may_close(order: Order) -> bool:
    """Whether the order can be put away: something was delivered, be it all or a part that stays one."""
    return order.status == "delivered" or (order.status == "confirmed" and order.delivered_quantity > 0)


def may_cancel(order: Order) -> bool:
    """Whether the order can be cancelled as far as its goods go; what was paid for it is asked when it is."""
    return order.status in rules.CANCELLABLE and not rules.is_with_customer(order.lines)


def cancel(session: Session, order: Order, *, reason: str | None) -> list[Receivable]:
    """Cancel an order of which the customer has no goods and we have no money; answers the receivables given up.

    Raises StateConflict.
    """
    _require_nothing_kept(order)
    owed = of_order(session, order.id)
    paid = sum((receivable.paid for receivable in owed), Decimal(0))
    if paid:
        raise errors.StateConflict(
            say(
                "The customer has paid {amount} for this order. Take back the allocation of the payment first; "
                "the money can then be refunded or pay for something else.",
                amount=f"{paid:.2f} {order.currency}",
            )
        )
    order.status, order.cancelled_at, order.cancelled_reason = "cancelled", clock.now(), reason
    given_up = [receivable for receivable in owed if receivable.outstanding > 0]
    for receivable in given_up:
        receivables.write_off(receivable, reason="order cancelled")
    return given_up


def settle_refund(order: Order, receivable: Receivable, amount: Decimal) -> None:
    """Money that paid a locked receivable of a locked order goes back: as far as a refund was due, that is settled.

    The goods that it paid for are with us, so that part is credited instead; the rest is owed again.
    amount: positive, at most what was paid.
    """
    due = min(amount, order.refund_due)
    order.refund_due -= due
    receivables.unpay(receivable, amount, credited=due)


def _credit(session: Session, order: Order, value: Decimal) -> list[Receivable]:
    """Take a value off what is owed; beyond that it was paid, and is due as a refund. Answers what changed."""
    left, credited = value, []
    for receivable in of_order(session, order.id):
        part = receivables.credit(receivable, left)
        left -= part
        credited += [receivable] if part else []
    order.refund_due += left
    return credited


def _require_nothing_kept(order: Order) -> None:
    if order.status not in rules.CANCELLABLE:
        raise errors.StateConflict(
            say("This order is {status}; it cannot be cancelled any more.", status=word(STATUS, order.status))
        )
    if rules.is_with_customer(order.lines):
        raise errors.StateConflict(
            say("The customer has goods of this order. Take them back first, or close it: that cancels the rest.")
        )


def _fitting(rule: Any, order: Order, moved: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    quantities: dict[int, Decimal] | None = None
    if moved is not None:
        if not moved:
            raise errors.field_error("/lines", "required", say("Name at least one line, or leave `lines` out."))
        quantities = {}
        for entry in moved:
            quantities[entry["line"]] = quantities.get(entry["line"], Decimal(0)) + entry["quantity"]
    try:
        return rule(order.lines, quantities)
    except rules.LineUnfit as unfit:
        index = next(i for i, entry in enumerate(moved or []) if entry["line"] == unfit.line)
        raise errors.field_error(f"/lines/{index}", "unfit", unfit.message) from unfit


def _check_opportunity(session: Session, values: Mapping[str, Any]) -> None:
    opportunity_id: UUID | None = values.get("opportunity_id")
    if opportunity_id is not None:
        opportunities.require_visible(session, opportunity_id)
