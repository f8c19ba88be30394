"""Which limit holds for an expense, and which expenses go beyond it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

FIRST_TIER = ("11", "31", "4401", "4403")
"""Beijing, Shanghai, Guangzhou, Shenzhen, by prefix of their region codes (GB/T 2260)."""

SECOND_TIER = (
    "12", "50",  # Tianjin, Chongqing
    "1301", "1401", "1501", "2101", "2201", "2301", "3201", "3301", "3401", "3501", "3601", "3701", "4101", "4201",
    "4301", "4501", "4601", "5101", "5201", "5301", "5401", "6101", "6201", "6301", "6401", "6501",  # capitals
    "2102", "3302", "3502", "3702",  # cities with a plan of their own: Dalian, Ningbo, Xiamen, Qingdao
)  # fmt: skip
"""Municipalities, provincial capitals and the cities under separate state planning, by prefix."""


class Policy(NamedTuple):
    """A limit per day. city_tier and grade are None where it holds for all; ``distance`` counts the units climbed."""

    distance: int
    category_id: UUID
    city_tier: str | None
    grade: str | None
    limit_per_day: Decimal


class Expense(NamedTuple):
    """One item of a claim, its amount in the claim's currency."""

    category_id: UUID
    on: date
    region_code: str | None
    amount: Decimal


def city_tier(region_code: str | None) -> str:
    """``1``, ``2`` or ``3``; a place not named counts as tier 3, the cheapest."""
    if region_code and region_code.startswith(FIRST_TIER):
        return "1"
    return "2" if region_code and region_code.startswith(SECOND_TIER) else "3"


def limit_for(policies: Iterable[Policy], category_id: UUID, tier: str, grades: Iterable[str]) -> Decimal | None:
    """The limit per day, None when there is none.

    The nearest unit decides; there the policy that names most (city tier, grade) does, and of equals the most
    generous, because a person with two grades may use the better one.
    """
    held = set(grades)
    fitting = [
        policy
        for policy in policies
        if policy.category_id == category_id
        and policy.city_tier in (None, tier)
        and (policy.grade is None or policy.grade in held)
    ]
    if not fitting:
        return None
    return max(fitting, key=_precedence).limit_per_day


def _precedence(policy: Policy) -> tuple[int, int, Decimal]:
    named = (policy.city_tier is not None) + (policy.grade is not None)
    return -policy.distance, named, policy.limit_per_day


def over_limit(policies: Sequence[Policy], expenses: Sequence[Expense], grades: Iterable[str]) -> list[bool]:
    """For each expense, whether its category's sum of that day in cities of that tier is beyond the limit."""
    spent: defaultdict[tuple[UUID, date, str], Decimal] = defaultdict(Decimal)
    keys = [(expense.category_id, expense.on, city_tier(expense.region_code)) for expense in expenses]
    for key, expense in zip(keys, expenses, strict=True):
        spent[key] += expense.amount
    held = tuple(grades)
    limits = {key: limit_for(policies, key[0], key[2], held) for key in spent}
    return [(limit := limits[key]) is not None and spent[key] > limit for key in keys]
