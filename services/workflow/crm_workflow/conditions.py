"""Conditions on the fields of a document, as flows and their steps write them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Condition = Mapping[str, Any]
"""``{"field", "operator", "value"}``."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}

OPERATORS = ("eq", "ne", *_ORDER, "in", "not_in", "contains")


def matches(conditions: Iterable[Condition], fields: Mapping[str, Any]) -> bool:
    """Whether all conditions hold for a document; no conditions always do."""
    return all(holds(condition, fields) for condition in conditions)


def holds(condition: Condition, fields: Mapping[str, Any]) -> bool:
    """Whether one condition holds. A field that the document lacks fulfils none.

    Values that both read as numbers are compared as numbers, everything else as text: ISO dates compare rightly.
    """
    found, operator, wanted = fields.get(condition["field"]), condition["operator"], condition["value"]
    if found is None:
        return False
    match operator:
        case "eq":
            return _equal(found, wanted)
        case "ne":
            return not _equal(found, wanted)
        case "in" | "not_in":
            return any(_equal(found, each) for each in wanted) is (operator == "in")
        case "contains":
            if isinstance(found, list):
                return any(_equal(each, wanted) for each in found)
            return str(wanted) in str(found)
    return _ORDER[operator](*_alike(found, wanted))


def _equal(left: Any, right: Any) -> bool:
    one, other = _alike(left, right)
    return bool(one == other)


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    numbers = _number(left), _number(right)
    return numbers if None not in numbers else (_text(left), _text(right))


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
