"""Which fields of which records are searched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHORTEST_NUMBER = 4
"""Digits from which a query is taken for part of a telephone number; also the length of the pieces it is found by."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a resource's records are found. Every name is a field of the record.

    link: the console's path. only: the statuses that are found, all when empty.
    """

    link: str
    title: str
    subtitle: str | None = None
    code: str | None = None
    more: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    only: frozenset[str] = frozenset()

    @property
    def fields(self) -> set[str]:
        """The fields that are searched or shown, without the telephone numbers."""
        return {name for name in (self.title, self.subtitle, self.code, *self.more) if name}


SHAPES = {
    "customer": Shape("customers", "name", "code", "code", ("short_name",), ("phone", "mobile", "fax")),
    "contact": Shape("contacts", "name", "title", None, (), ("phone", "mobile")),
    "lead": Shape("leads", "name", "company", None, ("company",), ("phone", "mobile")),
    "opportunity": Shape("opportunities", "name"),
    "order": Shape("orders", "number", None, "number"),
    "request": Shape("requests", "summary", "number", "number"),
    "article": Shape("articles", "title", "category", None, ("excerpt",), only=frozenset({"published"})),
    "product": Shape("products", "name", "code", "code"),
    "travel_plan": Shape("travel-plans", "subject", "number", "number"),
    "claim": Shape("claims", "title", "number", "number"),
}
"""Resource -> its shape, in the order in which a search names its types."""


def digits(text: str | None) -> str:
    """The digits of a text."""
    return re.sub(r"\D", "", text or "")


def phone_pieces(numbers: str) -> list[str]:
    """Every run of four digits: pieces of two, of which there are only a hundred, would each lead to everybody."""
    size = SHORTEST_NUMBER
    found = {word[i : i + size] for word in numbers.split() for i in range(max(len(word) - size + 1, 0))}
    return sorted(found)


def phone_query(words: str) -> str | None:
    """The digits to look for among telephone numbers, or None when the query is no part of a number.

    Numbers are kept in international form, so a leading zero (the trunk prefix) is dropped.
    """
    found = digits(words).lstrip("0")
    return found if re.fullmatch(r"[\d\s()+./-]+", words) and len(found) >= SHORTEST_NUMBER else None


def found_at_all(shape: Shape, state: Mapping[str, Any]) -> bool:
    """Whether the record in this state is shown by a search."""
    return bool(state.get(shape.title)) and (not shape.only or state.get("status") in shape.only)
