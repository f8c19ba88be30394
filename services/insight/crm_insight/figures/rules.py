"""What one record adds to the figures. Pure: the same state always gives the same entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

State = Mapping[str, Any]

BOOKS_CURRENCY = "CNY"
"""Where an opportunity without an amount is counted."""


class Entry(NamedTuple):
    """One addition to one measure. label: the part of the measure, such as a stage. currency: of amounts only."""

    measure: str
    month: date
    value: Decimal
    label: str | None = None
    currency: str | None = None

    def to_json(self) -> list[Any]:
        """The stored form."""
        return [self.measure, self.month.isoformat(), str(self.value), self.label, self.currency]

    @classmethod
    def from_json(cls, stored: list[Any]) -> Entry:
        """Read the stored form."""
        measure, month, value, label, currency = stored
        return cls(measure, date.fromisoformat(month), Decimal(value), label, currency)


ONE = Decimal(1)


def entries(resource: str, state: State, zone: ZoneInfo) -> list[Entry]:
    """What the record adds, nothing for resources that are not counted.

    zone: where its months begin, for what happened at an instant and not on a date.
    """
    found = _ENTRIES.get(resource)
    return found(state, zone) if found else []


def dimensions(state: State) -> tuple[str | None, str | None]:
    """A customer's region and level, which everything about the customer is counted under."""
    return state.get("region_code") or None, state.get("level") or None


def month_of(moment: str | None, zone: ZoneInfo) -> date:
    """The first day of the month of a date or instant in JSON; the epoch when there is none."""
    if not moment:
        return date(1970, 1, 1)
    if len(moment) == len("2026-01-01"):
        return date.fromisoformat(moment).replace(day=1)
    return datetime.fromisoformat(moment).astimezone(zone).date().replace(day=1)


def amount(money: Mapping[str, Any] | None) -> Decimal:
    """The number in a money object, 0 for none."""
    return Decimal(money["amount"]) if money else Decimal(0)


def _customer(state: State, zone: ZoneInfo) -> list[Entry]:
    month = month_of(state.get("created_at"), zone)
    parts = [
        Entry(f"customers.{name}", month, ONE, state[name])
        for name in ("kind", "relation", "status", "industry")
        if state.get(name)
    ]
    return [Entry("customers", month, ONE), *parts]


def _order(state: State, zone: ZoneInfo) -> list[Entry]:
    """A confirmed order counts; what was cancelled afterwards or came back counts against it."""
    counted = state["status"] in {"confirmed", "delivered", "closed"}
    cancelled = state["status"] == "cancelled" and state.get("confirmed_at")
    if not (counted or cancelled):
        return []
    month, currency = month_of(state["ordered_on"], zone), state["total"]["currency"]
    found = [
        Entry("orders", month, ONE, None, currency),
        Entry("orders.confirmed", month, amount(state["total"]), None, currency),
    ]
    if cancelled:
        found.append(Entry("orders.cancelled", month, amount(state["total"]), None, currency))
        return found
    # What came back of it, and what was left when it was closed with a part delivered.
    taken_off = {f"orders.{part}": amount(state.get(f"{part}_total")) for part in ("returned", "cancelled")}
    return found + [Entry(measure, month, value, None, currency) for measure, value in taken_off.items() if value]


def _payment(state: State, zone: ZoneInfo) -> list[Entry]:
    """What was received, and in the months of its refunds what went back."""
    currency = state["amount"]["currency"]
    moved = [(state["received_on"], amount(state["amount"]))]
    moved += [(each["refunded_on"], -Decimal(each["amount"])) for each in state.get("refunds") or ()]
    return [Entry("payments", month_of(day, zone), value, None, currency) for day, value in moved]


def _claim(state: State, zone: ZoneInfo) -> list[Entry]:
    if state["status"] != "approved":
        return []
    month = month_of(state.get("created_at") or state.get("updated_at"), zone)
    return [Entry("expenses", month, amount(state["total"]), None, state["total"]["currency"])]


def _opportunity(state: State, zone: ZoneInfo) -> list[Entry]:
    """By the month it was created in and the stage it is in or was decided in; open ones also weighted."""
    month, status, stage = month_of(state.get("created_at"), zone), state["status"], state["stage"]
    currency = state["amount"]["currency"] if state.get("amount") else state.get("currency") or BOOKS_CURRENCY
    value = amount(state.get("amount"))
    found = [
        Entry(f"opportunities.{status}", month, ONE, stage, currency),
        Entry(f"opportunities.{status}_amount", month, value, stage, currency),
    ]
    if status == "open":
        weighted = (value * state["probability"] / 100).quantize(Decimal("0.01"))
        found.append(Entry("opportunities.weighted", month, weighted, stage, currency))
    return found


def _request(state: State, zone: ZoneInfo) -> list[Entry]:
    month, kind = month_of(state.get("created_at"), zone), state["kind"]
    found = {"requests": ONE, "requests.breaches": Decimal(state.get("breach_count") or 0)}
    for measure, ended in (("response", "responded_at"), ("solution", "answered_at")):
        if state.get("created_at") and state.get(ended):
            found |= {f"requests.{measure}s": ONE, f"requests.{measure}_minutes": _minutes(state, ended)}
    if state.get("satisfaction"):
        found |= {"requests.rated": ONE, "requests.satisfaction": Decimal(state["satisfaction"])}
    return [Entry(measure, month, value, kind) for measure, value in found.items() if value]


def _minutes(state: State, ended: str) -> Decimal:
    took = datetime.fromisoformat(state[ended]) - datetime.fromisoformat(state["created_at"])
    return (Decimal(took.total_seconds()) / 60).quantize(Decimal("0.01"))


def _churn_case(state: State, zone: ZoneInfo) -> list[Entry]:
    return [Entry("churn", month_of(state["warned_at"], zone), ONE, state["status"])]


_ENTRIES: dict[str, Callable[[State, ZoneInfo], list[Entry]]] = {
    "customer": _customer,
    "order": _order,
    "payment": _payment,
    "claim": _claim,
    "opportunity": _opportunity,
    "request": _request,
    "churn_case": _churn_case,
}
