"""What a client gets whose request is not HTTP: a problem document, like every other error, and not gunicorn's HTML."""

from __future__ import annotations

import socket

from gunicorn import util

from . import errors, language
from .http import to_bytes
from .language import Sentence, say

_ADVICE = {
    "Invalid Request Line": say("Percent-encode everything in the address that is not ASCII: 榕 is %E6%A6%95."),
}


def install() -> None:
    """Let gunicorn refuse with problem documents; call it before the server starts."""
    util.write_error = write_problem


def write_problem(sock: socket.socket, status_int: int, reason: str, mesg: str) -> None:
    """Answer a request that could not be read, and announce that the connection ends.

    reason: the phrase of the status line. mesg: gunicorn's finding; it quotes the request, so it is not passed on.
    """
    language.begin(None)  # nothing of the request can be trusted, its language neither
    made = errors.BadRequest(next((advice for start, advice in _ADVICE.items() if mesg.startswith(start)), None))
    made.status, made.title = status_int, Sentence(reason)
    body = to_bytes(made.to_dict(None))
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, head.encode("latin-1") + body)
