"""``GET /internal/events``: a service's published history for the sweepers of the others, for replays and new consumers."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import matches

from .database import system_transaction
from .errors import BadRequest
from .http import Blueprint, json_response
from .identity import requires
from .internal_key import demand_internal_key
from .language import say
from .outbox import OutboxRow
from .service import Runtime

PATH = "/internal/events"
PAGE = 200
_PAGE_MAX = 1000
IDS = 5000
"""How many events a page of their ids holds."""
_SCANNED_MAX = 10_000


def read(
    session: Session, after: int, patterns: tuple[str, ...] = ("#",), limit: int = PAGE, *, ids_only: bool = False
) -> dict[str, Any]:
    """The events after a ``pos`` whose type one of the topic patterns covers, in order.

    Answers ``{"events": [{"pos", "envelope"}], "scanned_through": pos, "more": bool}``. Everything up to
    ``scanned_through`` was looked at, so a reader goes on from there even when nothing matched, at once when there is
    ``more``: a page looks at _SCANNED_MAX rows at most, however rare what is asked for. ids_only: events are
    ``{"pos", "id"}``, for a reader that knows most of them.
    """
    # The numbers are gapless and given under a lock, so what is visible up to the newest is complete.
    oldest, newest = session.execute(select(func.min(OutboxRow.pos), func.max(OutboxRow.pos))).one()
    through = min(max(after, (oldest or 1) - 1) + _SCANNED_MAX, newest or 0)
    types = [known for known in REGISTRY if any(matches(pattern, known) for pattern in patterns)]
    page = (
        select(OutboxRow.pos, OutboxRow.event_id if ids_only else OutboxRow.envelope)
        .where(OutboxRow.pos > after, OutboxRow.pos <= through, OutboxRow.type.in_(types))
        .order_by(OutboxRow.pos)
        .limit(limit)
    )
    told, as_told = ("id", str) if ids_only else ("envelope", dict)
    events = [{"pos": pos, told: as_told(event)} for pos, event in session.execute(page)]
    reached = events[-1]["pos"] if len(events) == limit else max(after, through)
    return {"events": events, "scanned_through": reached, "more": reached < (newest or 0)}


def blueprint(runtime: Runtime) -> Blueprint:
    """The route, for callers that hold the internal key."""
    made = Blueprint("outbox_feed", __name__)

    @made.get(PATH)
    @requires("internal")
    def events() -> Response:
        """Read this service's events in the order of their numbers."""
        demand_internal_key(runtime.settings)
        after, ids_only = _number("after", 0, least=0), bool(_number("ids_only", 0, least=0))
        limit = min(_number("limit", PAGE, least=1), IDS if ids_only else _PAGE_MAX)
        patterns = tuple(filter(None, request.args.get("types", "#").split(",")))
        with system_transaction() as session:
            return json_response(read(session, after, patterns, limit, ids_only=ids_only))

    return made


def _number(name: str, default: int, *, least: int) -> int:
    raw = request.args.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) < least:
        raise BadRequest(say("`{name}` must be a whole number from {least}.", name=name, least=least))
    return int(raw)
