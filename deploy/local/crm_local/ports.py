"""Ports on loopback: the one used last time when it is free, else another."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

_FIRST, _LAST = 20_000, 29_999
"""Below the range from which kernels take ports for outgoing connections (32768 and up on Linux)."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # On some systems a bind beside a listener succeeds and only listening fails.
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(names: Iterable[str], remembered: Mapping[str, int], home: Path) -> dict[str, int]:
    """A free port for each name: the remembered one if it can be had, else the next free of this home's range.

    Two homes on one machine begin at different places, so that they seldom meet.
    """
    chosen: dict[str, int] = {}
    candidate = _FIRST + zlib.crc32(str(home).encode()) % (_LAST - _FIRST - 500)
    for name in names:
        port = int(remembered.get(name, 0))
        while not port or port in chosen.values() or not is_free(port):
            candidate = candidate + 1 if candidate < _LAST else _FIRST
            port = 0 if candidate in remembered.values() else candidate
        chosen[name] = port
    return chosen
