"""What may happen to a claim, what it adds up to, and what makes two invoices the same. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from crm_chassis.language import Sentence, say, word

STATUSES = (
    ("draft", "草稿", "Draft"),
    ("submitted", "审批中", "In approval"),
    ("approved", "已批准", "Approved"),
    ("returned", "已退回", "Returned"),
    ("rejected", "已驳回", "Rejected"),
    ("withdrawn", "已撤回", "Withdrawn"),
)
"""The states of a claim: value, zh, en."""
SUBJECTS = (
    ("customer", "客户", "Customer"),
    ("opportunity", "销售机会", "Opportunity"),
    ("order", "订单", "Order"),
    ("request", "服务请求", "Request"),
)
"""What a cost may be about: value, zh, en."""
VERBS = {
    "submit": ("提交", "submit"),
    "withdraw": ("撤回", "withdraw"),
    "approve": ("批准", "approve"),
    "return": ("退回", "return"),
    "reject": ("驳回", "reject"),
}
"""Verb -> what it is called in a sentence: zh, en."""

MOVES: dict[tuple[str, str], str] = {
    ("draft", "submit"): "submitted",
    ("returned", "submit"): "submitted",
    ("withdrawn", "submit"): "submitted",
    ("submitted", "withdraw"): "withdrawn",
    ("submitted", "approve"): "approved",
    ("submitted", "return"): "returned",
    ("submitted", "reject"): "rejected",
}
"""(status, verb) -> the status it leads to; what is not here is refused."""

FACTS = {
    "submit": "submitted",
    "withdraw": "withdrawn",
    "approve": "approved",
    "return": "returned",
    "reject": "rejected",
}
"""Verb -> the fact that is announced when it is done."""

DECISIONS = {"approved": "approve", "returned": "return", "rejected": "reject"}
"""What workflow answers -> the verb it means."""

EDITABLE = frozenset({"draft", "returned", "withdrawn"})
LIVE = frozenset({"draft", "returned", "submitted", "approved"})
"""A claim of these statuses holds its invoices; a rejected or withdrawn one gives them back."""

USUAL_INVOICE = "e_invoice"
"""What an invoice number is of when nobody says: the digital invoice."""


class Invoice(NamedTuple):
    """What makes an invoice this one: two are the same when both parts are."""

    kind: str
    number: str


def next_status(status: str, verb: str) -> str | None:
    """Where the verb leads, None when the status forbids it."""
    return MOVES.get((status, verb))


def is_payable(status: str, payment_status: str) -> bool:
    """Whether the claim waits for its money."""
    return status == "approved" and payment_status != "paid"


def allows(status: str, payment_status: str, verb: str) -> bool:
    """Whether the claim's state allows the verb."""
    return is_payable(status, payment_status) if verb == "pay" else (status, verb) in MOVES


def why_locked(status: str) -> Sentence | None:
    """Why a claim of this status cannot be edited or deleted; None when it can."""
    if status in EDITABLE:
        return None
    if status == "submitted":
        return say("This claim is being approved; withdraw it first.")
    return say("A claim that is {status} cannot be changed any more.", status=word(STATUSES, status))


def is_currency(code: str) -> bool:
    """Whether it has the form of an ISO 4217 code."""
    return re.fullmatch(r"[A-Z]{3}", code) is not None


def converted(amount: Decimal, rate: Decimal) -> Decimal:
    """An amount in the claim's currency: to the cent, half up. rate: claim currency for one unit of the item's."""
    return (amount * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def total(items: Iterable[Mapping[str, Any]]) -> Decimal:
    """What the items come to, in the claim's currency."""
    return sum((Decimal(item["converted"]) for item in items), Decimal("0.00"))


def normalised(number: str) -> str:
    """An invoice number without what people type differently: width, case, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(character for character in folded if character.isalnum())


def invoices(items: Sequence[Mapping[str, Any]]) -> list[tuple[int, Invoice]]:
    """(position, invoice) of the items that have one."""
    return [
        (position, Invoice(item["invoice_kind"], normalised(item["invoice_no"])))
        for position, item in enumerate(items)
        if item.get("invoice_no")
    ]


def repeated(numbered: Iterable[tuple[int, Invoice]]) -> list[int]:
    """The positions whose invoice an earlier item of the same claim has already."""
    seen: set[Invoice] = set()
    found = []
    for position, invoice in numbered:
        if invoice in seen:
            found.append(position)
        seen.add(invoice)
    return found
