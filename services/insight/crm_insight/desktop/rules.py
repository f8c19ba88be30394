"""Which records wait for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a resource's open records wait. waiting: the statuses. Every other name is a field of the record.

    who: the first of these that is filled. due: when, an instant or a date.
    """

    link: str
    waiting: frozenset[str]
    title: str | None
    who: tuple[str, ...]
    due: str


KINDS = {
    "activity": Waiting("activities", frozenset({"planned"}), "subject", ("assignee_id", "owner_id"), "due_at"),
    "approval": Waiting("approvals", frozenset({"running"}), "title", ("waiting_ids", "assignee_ids"), "due_at"),
    "request": Waiting(
        "requests",
        frozenset({"created", "assigned", "in_progress", "on_hold"}),
        "summary",
        ("assignee_id", "owner_id"),
        "due_at",
    ),
    "churn_case": Waiting(
        "churn-cases", frozenset({"warned", "reprieved"}), "customer_name", ("owner_id",), "reprieved_until"
    ),
    "receivable": Waiting("receivables", frozenset({"open", "partly_paid", "overdue"}), None, ("owner_id",), "due_on"),
}


def waits_for(resource: str, state: State) -> list[str]:
    """The users a record waits for, none when it does not wait."""
    kind = KINDS[resource]
    if state.get("status") not in kind.waiting:
        return []
    found: str | list[str] = next((state[name] for name in kind.who if state.get(name)), [])
    return [found] if isinstance(found, str) else list(found)


def due_at(resource: str, state: State, zone: ZoneInfo) -> datetime | None:
    """When it is due; a day is over at its end in ``zone``."""
    raw = state.get(KINDS[resource].due)
    if not raw:
        return None
    if len(raw) == len("2026-01-01"):
        return datetime.combine(date.fromisoformat(raw), time.max, zone)
    return datetime.fromisoformat(raw)


OWED = ("outstanding", "amount", "paid", "credited")
"""The fields of a receivable that what is still owed of it tells about."""


def outstanding(state: State) -> Decimal | None:
    """What is still owed of a receivable, None for other records."""
    if not isinstance(state.get("amount"), Mapping):
        return None
    if state.get("outstanding"):
        return Decimal(state["outstanding"]["amount"])
    paid = state.get("paid")
    return Decimal(state["amount"]["amount"]) - (Decimal(paid["amount"]) if paid else Decimal(0))
