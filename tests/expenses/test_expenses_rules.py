"""The pure decisions about trips, claims and policies, by table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from crm_expenses.claims import rules as claims
from crm_expenses.policies import rules as policies
from crm_expenses.policies.rules import Expense, Policy
from crm_expenses.travel_plans import rules as trips

MEALS, TAXI = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("status", "verb", "expected"),
    [
        ("draft", "submit", "submitted"),
        ("returned", "submit", "submitted"),
        ("withdrawn", "submit", "submitted"),
        ("rejected", "submit", None),
        ("approved", "submit", None),
        ("submitted", "withdraw", "withdrawn"),
        ("approved", "withdraw", None),
        ("submitted", "approve", "approved"),
        ("approved", "start", "active"),
        ("submitted", "start", None),
        ("active", "finish", "to_settle"),
        ("to_settle", "settle", "settled"),
        ("active", "cancel", None),
        ("approved", "cancel", "cancelled"),
        ("submitted", "cancel", None),
        ("settled", "cancel", None),
    ],
)
def test_moves_of_a_trip(status: str, verb: str, expected: str | None) -> None:
    assert trips.next_status(status, verb) == expected
    assert trips.allows(status, verb) is (expected is not None)


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2026-02-22", False), ("2026-02-23", True), ("2026-03-02", True), ("2026-03-10", True), ("2026-03-11", False)],
)
def test_a_day_lies_a_week_around_the_trip_at_most(on: str, expected: bool) -> None:
    assert trips.is_on_trip(date.fromisoformat(on), date(2026, 3, 2), date(2026, 3, 3)) is expected


def test_every_move_has_its_fact() -> None:
    assert {verb for _, verb in trips.MOVES} == set(trips.FACTS)
    assert {verb for _, verb in claims.MOVES} == set(claims.FACTS)
    assert set(trips.DECISIONS.values()) <= set(trips.FACTS)


@pytest.mark.parametrize(
    ("typed", "same_as"),
    [("0123 4567", "01234567"), ("ab-12/c", "AB12C"), ("１２３", "123"), ("№ 77", "NO77")],
)
def test_an_invoice_number_is_the_same_however_it_is_typed(typed: str, same_as: str) -> None:
    assert claims.normalised(typed) == same_as


def test_the_same_invoice_twice_in_one_claim_is_found_at_its_second_place() -> None:
    items = [
        {"invoice_kind": "taxi", "invoice_no": "1"},
        {"invoice_kind": None, "invoice_no": None},
        {"invoice_kind": "train", "invoice_no": "1"},
        {"invoice_kind": "taxi", "invoice_no": " 1 "},
    ]

    assert claims.repeated(claims.invoices(items)) == [3]


@pytest.mark.parametrize(
    ("amount", "rate", "expected"), [("10", "7.123456", "71.23"), ("0.05", "0.1", "0.01"), ("0.04", "0.1", "0.00")]
)
def test_conversion_rounds_half_up_to_the_cent(amount: str, rate: str, expected: str) -> None:
    assert claims.converted(Decimal(amount), Decimal(rate)) == Decimal(expected)


@pytest.mark.parametrize(
    ("code", "tier"),
    [("110105", "1"), ("440300", "1"), ("440100", "1"), ("440600", "3"), ("330200", "2"), ("510100", "2"), (None, "3")],
)
def test_cities_have_tiers(code: str | None, tier: str) -> None:
    assert policies.city_tier(code) == tier


def policy(limit: str, *, distance: int = 0, tier: str | None = None, grade: str | None = None) -> Policy:
    return Policy(distance, MEALS, tier, grade, Decimal(limit))


@pytest.mark.parametrize(
    ("held", "tier", "grades", "limit"),
    [
        ([], "1", [], None),
        ([policy("100")], "1", [], "100"),
        ([policy("100"), policy("150", tier="1")], "1", [], "150"),
        ([policy("100"), policy("150", tier="1")], "2", [], "100"),
        ([policy("100"), policy("80", distance=1, tier="1")], "1", [], "100"),
        ([policy("100"), policy("300", grade="executive")], "1", ["executive"], "300"),
        ([policy("100"), policy("300", grade="executive")], "1", ["finance"], "100"),
        ([policy("200", grade="a"), policy("300", grade="b")], "1", ["a", "b"], "300"),
        ([policy("300", grade="executive")], "1", [], None),
    ],
)
def test_the_nearest_and_most_exact_policy_holds(
    held: list[Policy], tier: str, grades: list[str], limit: str | None
) -> None:
    assert policies.limit_for(held, MEALS, tier, grades) == (limit and Decimal(limit))


def test_a_limit_is_for_the_sum_of_a_day_in_cities_of_one_tier() -> None:
    def spent(amount: str, *, day: int = 1, place: str = "110105", category: object = MEALS) -> Expense:
        return Expense(category, date(2026, 3, day), place, Decimal(amount))  # type: ignore[arg-type]

    expenses = [spent("60"), spent("41"), spent("90", day=2), spent("90", place="330106"), spent("900", category=TAXI)]

    assert policies.over_limit([policy("100")], expenses, []) == [True, True, False, False, False]
    assert policies.over_limit([policy("101")], expenses[:2], []) == [False, False]
