"""Making the calls that wait, each webhook's in their order."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
_AHEAD = 20
"""So many calls are read at once."""
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


class _Waiting(NamedTuple):
    """What a webhook's next calls are made with. signing: the secrets that sign them."""

    webhook: Webhook
    calls: Sequence[Call]
    signing: list[str]


class _Answer(NamedTuple):
    """How a call went. status: None when there was no answer. error: what went wrong, if anything did."""

    status: int | None
    error: str


def _call_in_order(lease: actions.Lease, ends: float) -> None:
    """Make a webhook's calls until one fails, none is left, its turn is over, or the webhook is another by now."""
    try:
        while time.monotonic() < ends and (waiting := _waiting(lease.webhook_id)):
            for call in waiting.calls:
                if time.monotonic() >= ends or not _made(waiting, call):
                    return
    finally:
        _release(lease)


def _waiting(webhook_id: UUID) -> _Waiting | None:
    """The webhook as it is now and the calls that are next; None when there are none to be made."""
    with system_transaction(separate=True) as session:
        webhook = session.get(Webhook, webhook_id)
        if webhook is None or not webhook.active or not (calls := queries.pending(session, webhook_id, _AHEAD)):
            return None
        signing = actions.secrets_of(webhook, clock.now())
        if not signing:
            actions.give_up_unreadable(session, webhook)
            return None
        return _Waiting(webhook, calls, signing)


def _made(waiting: _Waiting, call: Call) -> bool:
    """Make a call and write down how it went; answers whether the next one may be made in the same way."""
    answer = _ask(waiting, call)
    crash.point("after_call")
    with system_transaction(separate=True) as session:
        if answer.status is not None and answer.status in _OK:
            recovered = waiting.webhook.failing_since is not None
            return actions.sent(session, call, answer.status, recovered=recovered) == waiting.webhook.version
        row = queries.call(session, call.webhook_id, call.id)
        actions.failed(session, row, url=waiting.webhook.url, status=answer.status, error=answer.error)
        return False


def _release(lease: actions.Lease) -> None:
    """Let others send for the webhook again, as soon as the database answers: only who dies leaves it to the lease."""
    for wait_s in _RELEASE_AFTER_S:
        time.sleep(wait_s)
        try:
            with system_transaction(separate=True) as session:
                actions.release(session, lease)
        except TROUBLE as error:
            log.warning("webhook_not_released", webhook=str(lease.webhook_id), error=str(error))
        else:
            return


def _ask(waiting: _Waiting, call: Call) -> _Answer:
    body = orjson.dumps(call.envelope)
    headers = secrets.headers(str(call.event_id), body.decode(), waiting.signing, clock.now())
    try:
        status, answer = post(waiting.webhook.url, body, headers, private_allowed=actions.private_allowed())
    except NotReached as error:
        log.warning("webhook_not_reached", webhook=str(call.webhook_id), error=str(error))
        return _Answer(None, str(error))
    return _Answer(status, f"{status}: {answer}")
