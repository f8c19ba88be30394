"""Which of a lead's values a customer takes over, and who at the customer is the lead's person already. Pure."""

from __future__ import annotations

import re
import unicodedata
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


SHARED_MAILBOXES = frozenset(
    {"admin", "contact", "hr", "info", "kefu", "mail", "office", "sales", "service", "support"}
)
"""What stands before the @ of addresses that several people read."""


def is_same(person: Mapping[str, Any], contact: Any) -> bool:
    """Whether a person (values by name) is this contact of the same customer.

    By name and one number or address; or by what only one person has, a mobile number or an address of their own, unless
    both have names that do not fit each other. A switchboard's number or a name alone is no proof.
    """
    numbers = {person.get("phone"), person.get("mobile")} - {None}
    address = (person.get("email") or "").lower()
    same_address = bool(address) and address == (contact.email or "").lower()
    given, known = _folded(person.get("name")), _folded(contact.name)
    if given and given == known:
        return same_address or not numbers.isdisjoint({contact.phone, contact.mobile})
    own_address = same_address and address.split("@")[0] not in SHARED_MAILBOXES
    own = own_address or contact.mobile in numbers
    return own and (not given or given in known or known in given)


def _folded(name: str | None) -> str:
    """A name as it is compared: folded (NFKC), lower case, letters and digits only."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name or "").lower())
