"""What may happen to a trip, and when. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from crm_chassis.language import Sentence, say, word

STATUSES = (
    ("draft", "草稿", "Draft"),
    ("submitted", "审批中", "In approval"),
    ("approved", "已批准", "Approved"),
    ("active", "进行中", "Active"),
    ("to_settle", "待核销", "To settle"),
    ("settled", "已核销", "Settled"),
    ("returned", "已退回", "Returned"),
    ("rejected", "已驳回", "Rejected"),
    ("withdrawn", "已撤回", "Withdrawn"),
    ("cancelled", "已取消", "Cancelled"),
)
"""The states of a trip: value, zh, en."""
VERBS = {
    "submit": ("提交", "submit"),
    "withdraw": ("撤回", "withdraw"),
    "approve": ("批准", "approve"),
    "return": ("退回", "return"),
    "reject": ("驳回", "reject"),
    "start": ("出发", "start"),
    "finish": ("结束", "finish"),
    "settle": ("核销", "settle"),
    "cancel": ("取消", "cancel"),
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
    ("approved", "start"): "active",
    ("active", "finish"): "to_settle",
    ("to_settle", "settle"): "settled",
    ("draft", "cancel"): "cancelled",
    ("returned", "cancel"): "cancelled",
    ("withdrawn", "cancel"): "cancelled",
    ("approved", "cancel"): "cancelled",
}
"""(status, verb) -> the status it leads to; what is not here is refused."""

FACTS = {
    "submit": "submitted",
    "withdraw": "withdrawn",
    "approve": "approved",
    "return": "returned",
    "reject": "rejected",
    "start": "started",
    "finish": "finished",
    "settle": "settled",
    "cancel": "cancelled",
}
"""Verb -> the fact that is announced when it is done."""

DECISIONS = {"approved": "approve", "returned": "return", "rejected": "reject"}
"""What workflow answers -> the verb it means."""

EDITABLE = frozenset({"draft", "returned", "withdrawn"})
UNDER_WAY = frozenset({"approved", "active", "to_settle"})
"""Days may be recorded and claims made."""
UNFINISHED = frozenset({"submitted", *UNDER_WAY})
"""Somebody must follow it up: what a handover moves."""

MARGIN = timedelta(days=7)
"""A day's record may lie this far outside the planned dates: trips begin earlier and end later than planned."""


def next_status(status: str, verb: str) -> str | None:
    """Where the verb leads, None when the status forbids it."""
    return MOVES.get((status, verb))


def allows(status: str, verb: str) -> bool:
    """Whether the status allows the verb."""
    return (status, verb) in MOVES


def why_locked(status: str) -> Sentence | None:
    """Why a trip of this status cannot be edited or deleted; None when it can."""
    if status in EDITABLE:
        return None
    if status == "submitted":
        return say("This trip is being approved; withdraw it first.")
    return say("A trip that is {status} cannot be changed any more.", status=word(STATUSES, status))


def is_on_trip(on: date, starts_on: date, ends_on: date) -> bool:
    """Whether a day belongs to the trip, with a week's margin on both sides."""
    return starts_on - MARGIN <= on <= ends_on + MARGIN


def is_region_code(code: str) -> bool:
    """Whether it has the form of an administrative division's code: six digits (GB/T 2260)."""
    return re.fullmatch(r"[1-9]\d{5}", code) is not None
