"""Completing the lines of a document from the product catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.language import say

from ..products.queries import catalogue
from . import rules


def price(session: Session, lines: Sequence[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """The lines with products filled in and amounts computed, in one query. Raises Invalid at the wrong field."""
    ids = [line["product_id"] for line in lines if line.get("product_id")]
    codes = [line["product_code"] for line in lines if line.get("product_code")]
    known = catalogue(session, ids, codes)
    on_sale = {key: product for key, product in known.items() if product.active}
    return [complete(line, index, on_sale, currency) for index, line in enumerate(lines)]


def complete(line: Mapping[str, Any], index: int, known: Mapping[Any, Any], currency: str) -> dict[str, Any]:
    """One line completed from the products it may name, by id and by code. Raises Invalid.

    index: its place in the request, from 0.
    """
    field = "product_id" if line.get("product_id") else "product_code"
    wanted = line.get(field)
    product = known.get(wanted) if wanted else None
    if wanted and product is None:
        raise errors.field_error(
            f"/lines/{index}/{field}", "unknown", say("Choose a product that you can see and that is on sale.")
        )
    try:
        return rules.completed(line, index + 1, product, currency)
    except rules.LineRefused as refused:
        raise errors.field_error(f"/lines/{index}/{refused.field}", refused.code, refused.message) from refused


def total(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """What the lines come to. Raises Invalid when that is more than the API can show."""
    try:
        return rules.total(lines)
    except rules.LineRefused as refused:
        raise errors.field_error("/lines", refused.code, refused.message) from refused
