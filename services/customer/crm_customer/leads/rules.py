"""Which of a lead's values a customer takes over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TAKEN = ("name", "kind", "phone", "mobile", "email", "region_code", "industry", "source")


def customer_values(lead: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new customer: those given, a company unless the lead says otherwise."""
    given = {name: lead[name] for name in TAKEN if lead.get(name)}
    return {"kind": "company", **given}


def contact_values(contact: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new contact: those given."""
    names = ("name", "title", "department", "phone", "mobile", "email", "wechat")
    return {name: contact[name] for name in names if contact.get(name)}
