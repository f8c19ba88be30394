"""Mail addresses in the form that every mail server takes: ASCII (RFC 5321), other scripts in a domain as IDNA."""

from __future__ import annotations

import re
import unicodedata

from .language import Sentence, say

_PLAIN = re.compile(r"[!-~]+")


class Undeliverable(ValueError):
    """No mail server can be counted on to take mail for this address. reason: what whoever wrote it should do."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def deliverable(address: str) -> str:
    """The address as a mail server is given it: ``li@例子.中国`` is ``li@xn--fsqu00a.xn--fiqs8s`` there.

    What stands before the @ has no such second form (RFC 6531 asks the servers on the whole way to know UTF-8, and few
    do). Raises Undeliverable.
    """
    local, _, domain = address.rpartition("@")
    if not _PLAIN.fullmatch(local):
        raise Undeliverable(
            say("Write what stands before the @ in Latin letters, digits and signs: most mail servers take no others.")
        )
    return f"{local}@{_ascii(domain)}"


def _ascii(domain: str) -> str:
    """The domain in ASCII. One that comes back from there as another, such as ``straße.example``, is no guess of ours."""
    try:
        found = domain.encode("idna").decode()
        back = domain if found == domain else found.encode().decode("idna")
    except UnicodeError:
        found = back = ""
    if not _PLAIN.fullmatch(found) or back.lower() != unicodedata.normalize("NFC", domain).lower():
        raise Undeliverable(say("Write the domain behind the @ as it is registered, in its form with xn--."))
    return found
