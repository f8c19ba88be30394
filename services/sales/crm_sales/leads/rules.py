"""How leads are compared. Pure."""

from __future__ import annotations

import re
import unicodedata

OPEN = ("new", "working")
"""The states in which somebody can work on a lead."""

_SUFFIXES = (
    "股份有限公司",
    "有限责任公司",
    "集团有限公司",
    "有限公司",
    "集团",
    "公司",
    "incorporated",
    "corporation",
    "limited",
    "coltd",
    "corp",
    "gmbh",
    "inc",
    "llc",
    "ltd",
)


def company_key(name: str | None) -> str | None:
    """A company's name as it is compared: folded (NFKC), lower case, letters and digits only, no legal form.

    A name that is nothing but a legal form stays as it is; None for a name without a letter or digit.
    """
    if not name:
        return None
    folded = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).lower())
    form = next((suffix for suffix in _SUFFIXES if folded.endswith(suffix)), "")
    return folded.removesuffix(form) or folded or None


def email_key(address: str | None) -> str | None:
    """An address as it is compared: lower case."""
    return address.lower() if address else None


STATUS = (
    ("new", "新线索", "New"),
    ("working", "跟进中", "Working"),
    ("converting", "转化中", "Converting"),
    ("converted", "已转化", "Converted"),
    ("discarded", "已放弃", "Discarded"),
)
"""The states: value, zh, en."""
