"""``GET /internal/events``: a service's published history for the sweepers of the others, for replays and new consumers."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import matches

from .database import system_transaction
from .errors import BadRequest, Unauthenticated
from .http import Blueprint, json_response
from .identity import requires
from .language import say
from .outbox import OutboxRow
from .service import Runtime

PATH = "/internal/events"
PAGE = 200
_PAGE_MAX = 1000


def read(session: Session, after: int, patterns: tuple[str, ...] = ("#",), limit: int = PAGE) -> dict[str, Any]:
    """The events after a ``pos`` whose type one of the topic patterns covers, in order.

    Answers ``{"events": [{"pos", "envelope"}], "scanned_through": pos}``; everything up to ``scanned_through`` was
    looked at, so a reader goes on from there even when nothing matched.
    """
    # The numbers are gapless and given under a lock, so what is visible up to the newest is complete.
    newest = session.scalar(select(func.max(OutboxRow.pos))) or 0
    types = [known for known in REGISTRY if any(matches(pattern, known) for pattern in patterns)]
    page = (
        select(OutboxRow.pos, OutboxRow.envelope)
        .where(OutboxRow.pos > after, OutboxRow.pos <= newest, OutboxRow.type.in_(types))
        .order_by(OutboxRow.pos)
        .limit(limit)
    )
    events = [{"pos": pos, "envelope": envelope} for pos, envelope in session.execute(page)]
    full = len(events) == limit
    return {
        "events": events,
        "scanned_through": events[-1]["pos"] if full else max(after, newest),
    }


def blueprint(runtime: Runtime) -> Blueprint:
    """The route, for callers that hold the internal key."""
    made = Blueprint("outbox_feed", __name__)
    expected = f"Bearer {runtime.settings.internal_key}".encode()

    @made.get(PATH)
    @requires("internal")
    def events() -> Response:
        """Read this service's events in the order of their numbers."""
        given = request.headers.get("Authorization", "").encode()
        if not runtime.settings.internal_key or not compare_digest(given, expected):
            raise Unauthenticated(say("This address is for the services of the system; send the internal key."))
        after, limit = _number("after", 0, least=0), _number("limit", PAGE, least=1)
        patterns = tuple(filter(None, request.args.get("types", "#").split(",")))
        with system_transaction() as session:
            return json_response(read(session, after, patterns, min(limit, _PAGE_MAX)))

    return made


def _number(name: str, default: int, *, least: int) -> int:
    raw = request.args.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) < least:
        raise BadRequest(say("`{name}` must be a whole number from {least}.", name=name, least=least))
    return int(raw)
