"""Which events a webhook gets, which addresses it may have, when it is tried again. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from crm_chassis.language import Sentence, say
from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import matches

TEST_TYPE = "crm.notify.webhook.tested.v1"
"""The type of the event that ``test`` sends; it is never published inside."""

SECRET_OVERLAP = timedelta(hours=24)
LEASE = timedelta(seconds=60)
DISABLE_AFTER = timedelta(days=3)
GONE = 410
REFUSALS_MAX = 5
_PASSING = frozenset({401, 403, 404, 408, 425, 429})  # what a deployment or a limit at the receiver answers for a while

_AFTER_S = (5, 30, 120, 600, 1800, 3600)


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of a webhook's patterns covers the event type."""
    return any(matches(pattern, event_type) for pattern in patterns)


def unknown_patterns(patterns: Iterable[str]) -> list[str]:
    """The patterns that cover no event of the system."""
    return [pattern for pattern in patterns if not any(matches(pattern, known) for known in REGISTRY)]


def next_wait(attempts: int) -> timedelta:
    """How long a webhook rests after so many failures of one call in a row (>= 1): up to an hour."""
    return timedelta(seconds=_AFTER_S[min(attempts, len(_AFTER_S)) - 1])


def is_hopeless(status: int | None, attempts: int) -> bool:
    """Whether the receiver understands the call and refuses it for good, so that those behind it need not wait."""
    refused = status is not None and 400 <= status < 500 and status not in _PASSING
    return refused and attempts >= REFUSALS_MAX


def refused_url(url: str, *, private_allowed: bool) -> Sentence | None:
    """Why a webhook may not have this address, None when it may. Names are resolved only when it is called."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        return say("Leave the user and password out of the address; calls are signed.")
    if private_allowed:
        return None
    if parts.scheme != "https":
        return say("Use an https address.")
    host = (parts.hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return say("This address lies inside the house; choose one on the internet.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if is_public(str(address)) else say("This address lies inside the house; choose one on the internet.")


def is_public(address: str) -> bool:
    """Whether an IP address is reachable on the internet: not private, loopback, link-local, shared or reserved."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def chosen_address(addresses: Sequence[str], *, private_allowed: bool) -> str | None:
    """The address to connect to; None when the name leads inside the house with any of its addresses."""
    if not addresses or not (private_allowed or all(map(is_public, addresses))):
        return None
    return addresses[0]
