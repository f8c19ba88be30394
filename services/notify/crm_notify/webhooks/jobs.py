"""Making the calls that wait, each webhook's in their order."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_chassis import clock, crash
from crm_chassis.database import system_transaction
from crm_chassis.inbox import TROUBLE

from . import actions, queries, secrets
from .calling import NotReached, post
from .models import Call, Webhook

log = structlog.get_logger("webhooks")

_BUDGET_S = 18.0
_TURN_S = 4.0
_RELEASE_AFTER_S = (0, 1, 2, 4, 8)
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


class _Made(NamedTuple):
    """A call that was made. status: None when there was no answer. error: what went wrong, if anything did."""

    call: Call
    status: int | None
    error: str


def _call_in_order(webhook_id: UUID, ends: float) -> None:
    """Make a webhook's calls until one fails, none is left, or its turn is over."""
    made: _Made | None = None
    try:
        while True:
            with system_transaction(separate=True) as session:
                going_on = made is None or _noted(session, made)
                webhook, call = _next(session, webhook_id) if going_on and time.monotonic() < ends else (None, None)
                if webhook is None or call is None:
                    return
                signing = actions.secrets_of(webhook, clock.now())
                if not signing:
                    actions.give_up_unreadable(session, webhook)
                    return
            made = _make(webhook, call, signing)
            crash.point("after_call")
    finally:
        _release(webhook_id)


def _next(session: Session, webhook_id: UUID) -> tuple[Webhook | None, Call | None]:
    webhook = session.get(Webhook, webhook_id)
    return (webhook, queries.first_pending(session, webhook_id)) if webhook and webhook.active else (None, None)


def _noted(session: Session, made: _Made) -> bool:
    """Write down how a call went; answers whether the receiver took it."""
    row = queries.call(session, made.call.webhook_id, made.call.id)
    if made.status is not None and made.status in _OK:
        actions.sent(session, row, made.status)
        return True
    actions.failed(session, row, status=made.status, error=made.error)
    return False


def _release(webhook_id: UUID) -> None:
    """Let others send for the webhook again, as soon as the database answers: only who dies leaves it to the lease."""
    for wait_s in _RELEASE_AFTER_S:
        time.sleep(wait_s)
        try:
            with system_transaction(separate=True) as session:
                actions.release(session, webhook_id)
        except TROUBLE as error:
            log.warning("webhook_not_released", webhook=str(webhook_id), error=str(error))
        else:
            return


def _make(webhook: Webhook, call: Call, signing: list[str]) -> _Made:
    body = orjson.dumps(call.envelope)
    headers = secrets.headers(str(call.event_id), body.decode(), signing, clock.now())
    try:
        status, answer = post(webhook.url, body, headers, private_allowed=actions.private_allowed())
    except NotReached as error:
        log.warning("webhook_not_reached", webhook=str(webhook.id), error=str(error))
        return _Made(call, None, str(error))
    return _Made(call, status, f"{status}: {answer}")
