"""A contact as a card (vCard 4.0, RFC 6350)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..content_lines import document, escaped

_GENDERS = {"male": "M", "female": "F"}


def vcard(contact: Mapping[str, Any], company: str | None) -> str:
    """The card of a contact's visible fields; what is missing or empty is left out."""
    name = contact.get("name") or ""
    unit = ";".join(escaped(part) for part in (company or "", contact.get("department") or ""))
    birthday = contact.get("birthday")
    found = [
        ("UID", f"urn:uuid:{contact['id']}"),
        ("FN", escaped(name)),
        ("N", f"{escaped(name)};;;;"),
        ("ORG", unit.rstrip(";")),
        ("TITLE", escaped(contact.get("title") or "")),
        ("TEL;TYPE=work", escaped(contact.get("phone") or "")),
        ("TEL;TYPE=cell", escaped(contact.get("mobile") or "")),
        ("EMAIL;TYPE=work", escaped(contact.get("email") or "")),
        ("BDAY", f"{birthday:%Y%m%d}" if isinstance(birthday, date) else ""),
        ("GENDER", _GENDERS.get(contact.get("gender") or "", "")),
        ("NOTE", escaped(contact.get("preferences") or "")),
    ]
    lines = [f"{name}:{value}" for name, value in found if value]
    return document(["BEGIN:VCARD", "VERSION:4.0", *lines, "END:VCARD"])
