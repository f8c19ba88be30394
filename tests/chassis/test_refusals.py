"""Requests that are not HTTP."""

from __future__ import annotations

import json
import socket

from crm_chassis import refusals


def answer_to(status: int, reason: str, finding: str) -> tuple[bytes, dict[str, object]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        refusals.write_problem(ours, status, reason, finding)
        ours.shutdown(socket.SHUT_WR)
        head, _, body = theirs.makefile("rb").read().partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return head, json.loads(body)


def test_an_address_that_is_not_ascii_is_refused_with_advice_in_a_problem_document() -> None:
    head, problem = answer_to(400, "Bad Request", "Invalid Request Line 'GET /\xe6\xa6\x95 HTTP/1.1'")

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Content-Type: application/problem+json" in head
    assert problem["status"] == 400
    assert "Percent-encode" in str(problem["detail"])


def test_what_the_client_sent_is_not_quoted_back() -> None:
    head, problem = answer_to(431, "Request Header Fields Too Large", "Error parsing headers: 'limit <script>'")

    assert head.startswith(b"HTTP/1.1 431 ")
    assert problem["status"] == 431
    assert "script" not in json.dumps(problem)
