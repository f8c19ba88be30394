"""Pure decisions about churn: which rule holds, what is overdue, and why, in words."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

DEFAULT_MONTHS = 6
"""The patience where no unit has made a rule."""

OPEN = ("warned", "reprieved")


def months_before(day: date, months: int) -> date:
    """The same day ``months`` calendar months earlier, as PostgreSQL's ``date - interval`` has it.

    A day that month lacks becomes its last: 31 August less six months is 28 February.
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def is_overdue(last_order_on: date, *, today: date, months: int) -> bool:
    """Whether the last order lies more than ``months`` calendar months back.

    An order exactly that long ago, to the day, is not overdue yet.
    """
    return last_order_on < months_before(today, months)


@dataclass(frozen=True)
class Patience:
    """How many months a unit waits for the customers of a level (None: of any level without a line of its own)."""

    unit_id: UUID
    level: str | None
    months: int


def months_for(path: Sequence[UUID], level: str | None, made: Mapping[tuple[UUID, str | None], int]) -> int:
    """The months that hold for a level in a unit.

    path: the unit, then its parents up to the root. made: (unit, level) -> months. The nearest unit with a rule that
    fits wins; in one unit the rule for the level goes before the one for any level.
    """
    for unit in path:
        for wanted in (level, None):
            if (unit, wanted) in made:
                return made[unit, wanted]
    return DEFAULT_MONTHS


def patience_of(paths: Mapping[UUID, Sequence[UUID]], made: Mapping[tuple[UUID, str | None], int]) -> list[Patience]:
    """Every rule spelled out for every unit: one line for any level, and one per level that some rule names."""
    levels = [None, *sorted({level for _unit, level in made if level is not None})]
    return [
        Patience(unit, level, months_for(path, level, made))
        for unit, path in paths.items()
        for level in levels
        if any(above in {unit for unit, _ in made} for above in path)
    ]


@dataclass(frozen=True)
class Silence:
    """A customer who stopped ordering. Days are counted to the day of the scan; contact and complaints may be none."""

    last_order_on: date
    first_order_on: date
    orders: int
    months: int
    last_contact_on: date | None
    complaints: int


_LONG_SILENT_DAYS = 90
_RHYTHM_FROM_ORDERS = 3


def reasons(silence: Silence, *, today: date) -> list[dict[str, Any]]:
    """Why the customer is warned of, the rule first: ``{"code", "zh", "en", "values"}``."""
    return [*_no_order(silence, today), *_rhythm(silence, today), *_contact(silence, today), *_complaints(silence)]


def _no_order(silence: Silence, today: date) -> Iterable[dict[str, Any]]:
    days = (today - silence.last_order_on).days
    yield {
        "code": "no_order",
        "zh": f"已 {days} 天没有下单（上次 {silence.last_order_on}，规则为 {silence.months} 个月）",
        "en": f"No order for {days} days (the last on {silence.last_order_on}; the rule is {silence.months} months)",
        "values": {"days": days, "last_order_on": silence.last_order_on.isoformat(), "months": silence.months},
    }


def _rhythm(silence: Silence, today: date) -> Iterable[dict[str, Any]]:
    """Said when the silence is longer than twice the usual gap between orders, known from three orders on."""
    if silence.orders < _RHYTHM_FROM_ORDERS:
        return
    usual = round((silence.last_order_on - silence.first_order_on).days / (silence.orders - 1))
    days = (today - silence.last_order_on).days
    if usual and days > 2 * usual:
        yield {
            "code": "rhythm_broken",
            "zh": f"过去平均每 {usual} 天下单一次，共 {silence.orders} 单",
            "en": f"Used to order every {usual} days, {silence.orders} orders in all",
            "values": {"usual_days": usual, "orders": silence.orders},
        }


def _contact(silence: Silence, today: date) -> Iterable[dict[str, Any]]:
    last = silence.last_contact_on
    if last is None:
        yield {
            "code": "no_contact",
            "zh": "没有任何交往记录",
            "en": "No interaction has ever been recorded",
            "values": {"days": None},
        }
    elif (days := (today - last).days) > _LONG_SILENT_DAYS:
        yield {
            "code": "no_contact",
            "zh": f"已 {days} 天没有联系（上次 {last}）",
            "en": f"No contact for {days} days (the last on {last})",
            "values": {"days": days},
        }


def _complaints(silence: Silence) -> Iterable[dict[str, Any]]:
    if silence.complaints:
        yield {
            "code": "open_complaints",
            "zh": f"有 {silence.complaints} 个未了结的投诉",
            "en": f"Open complaints: {silence.complaints}",
            "values": {"count": silence.complaints},
        }


STATUSES = (
    ("warned", "已预警", "Warned"),
    ("reprieved", "缓期", "Reprieved"),
    ("lost", "已流失", "Lost"),
    ("recovered", "已挽回", "Recovered"),
)
"""The states: value, zh, en."""
