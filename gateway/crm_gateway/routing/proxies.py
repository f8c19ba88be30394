"""Who calls, when the call comes through proxies in front of us."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from crm_chassis.settings import Network

Environ = dict[str, Any]
Address = IPv4Address | IPv6Address

_SCHEMES = frozenset({"http", "https"})


class TrustedProxies:
    """The proxies whose word on client and scheme is taken; anybody else's means nothing."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)

    def settle(self, environ: Environ) -> None:
        """Make REMOTE_ADDR and the scheme the client's, as X-Forwarded-For and -Proto of a trusted peer name them."""
        if not self._networks or not self._trusts(address(environ.get("REMOTE_ADDR", ""))):
            return
        environ["REMOTE_ADDR"] = self._client(environ)
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
        if scheme in _SCHEMES:
            environ["wsgi.url_scheme"] = scheme

    def _client(self, environ: Environ) -> str:
        """Read from the right: each proxy adds whom it was called by, and what is left of them the client wrote."""
        client: str = environ["REMOTE_ADDR"]
        for named in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            found = address(named)
            if found is None:
                break
            client = str(found)
            if not self._trusts(found):
                break
        return client

    def _trusts(self, found: Address | None) -> bool:
        return found is not None and any(found in network for network in self._networks)


def address(text: str) -> Address | None:
    """The address in ``203.0.113.7``, ``203.0.113.7:4711``, ``2001:db8::7`` or ``[2001:db8::7]:4711``, else None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
