"""Making the calls that wait, each webhook's in their order."""

from __future__ import annotations

import time
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_chassis import clock, crash
from crm_chassis.database import system_transaction

from .. import settings
from . import actions, queries, secrets
from .calling import NotReached, post
from .models import Call, Webhook

log = structlog.get_logger("webhooks")

_BUDGET_S = 18.0
_TURN_S = 4.0
_OK = range(200, 300)


def call_due(session: Session) -> None:
    """Make due calls for up to 18 seconds. ``session`` is the schedule's own and only kept awake."""
    ends = time.monotonic() + _BUDGET_S
    while time.monotonic() < ends:
        with system_transaction(separate=True) as own:
            claimed = actions.claim(own)
        if claimed is None:
            return
        _call_in_order(claimed, min(ends, time.monotonic() + _TURN_S))
        session.execute(text("SELECT 1"))  # or the schedule's transaction is ended for idling


def _call_in_order(webhook_id: UUID, ends: float) -> None:
    """Make a webhook's calls until one fails, none is left, or its turn is over."""
    while time.monotonic() < ends and _call_next(webhook_id):
        continue
    with system_transaction(separate=True) as session:
        actions.release(session, webhook_id)


def _call_next(webhook_id: UUID) -> bool:
    with system_transaction(separate=True) as session:
        webhook, call = session.get(Webhook, webhook_id), queries.first_pending(session, webhook_id)
        if webhook is None or call is None or not webhook.active:
            return False
        signing = actions.secrets_of(webhook, clock.now())
    body = orjson.dumps(call.envelope)
    status, error = _made(webhook, call, body, signing)
    crash.point("after_call")
    with system_transaction(separate=True) as session:
        row = queries.call(session, webhook_id, call.id)
        if status is not None and status in _OK:
            actions.sent(session, row, status)
            return True
        actions.failed(session, row, status=status, error=error)
        return False


def _made(webhook: Webhook, call: Call, body: bytes, signing: list[str]) -> tuple[int | None, str]:
    """Make the call; answers the status, None when there was none, and what went wrong."""
    headers = secrets.headers(str(call.event_id), body.decode(), signing, clock.now())
    try:
        status, answer = post(webhook.url, body, headers, private_allowed=settings.private_webhooks_allowed())
    except NotReached as error:
        log.warning("webhook_not_reached", webhook=str(webhook.id), error=str(error))
        return None, str(error)
    return status, f"{status}: {answer}"
