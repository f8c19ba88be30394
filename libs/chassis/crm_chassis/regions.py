"""Codes of administrative regions (GB/T 2260): six digits, two for each level, zeros where none is named."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement

_CODE = re.compile(r"[1-9][0-9]{5}")


def is_code(text: str) -> bool:
    """Whether a text has the form of a region's code; whether there is such a region, the customer service knows."""
    return _CODE.fullmatch(text) is not None


def within(code: str, column: Any) -> ColumnElement[bool]:
    """A predicate that the column's region is this one or lies below it: 440000 is every code that begins with 44."""
    while code.endswith("00"):
        code = code[:-2]
    return column.startswith(code, autoescape=True)
