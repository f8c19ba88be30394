"""Making one signed HTTP call to an address that was checked, and to no other."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3
from urllib3.util import Timeout

from . import rules

_TIMEOUT = Timeout(connect=3.0, read=7.0)
_ANSWER_SHOWN = 300


class NotReached(Exception):
    """There was no answer: the name, the address or the line failed, or the address is refused."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, private_allowed: bool) -> tuple[int, str]:
    """POST a JSON body; answers the status and the beginning of the answer. Redirects are not followed.

    The name is resolved once, its addresses are checked, and the connection goes to the one that was checked: a name
    that changes its address in between leads nowhere else. Raises NotReached.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = rules.chosen_address(_resolve(host, port), private_allowed=private_allowed)
    if address is None:
        raise NotReached("The address lies inside the house.")
    named = {**headers, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "Banyan-Webhook/1"}
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _pool(address, port, host if secure else None) as pool:
            answer = pool.request(
                "POST", target, body=body, headers=named, redirect=False, retries=False, preload_content=False
            )
            shown = answer.read(_ANSWER_SHOWN).decode(errors="replace")
            answer.close()
            return answer.status, shown
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NotReached(f"{type(error).__name__}: {error}") from error


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotReached(f"The name {host} cannot be resolved: {error}") from error
    return [str(entry[4][0]) for entry in found]


def _pool(address: str, port: int, tls_name: str | None) -> urllib3.HTTPConnectionPool:
    if tls_name is None:
        return urllib3.HTTPConnectionPool(address, port, timeout=_TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        address,
        port,
        timeout=_TIMEOUT,
        server_hostname=tls_name,
        assert_hostname=tls_name,
        ssl_context=ssl.create_default_context(),
    )
