"""The verbs of webhooks, and their deliveries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis import errors, paging
from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, answers, query
from crm_chassis.identity import requires
from crm_chassis.language import say

from . import actions, queries
from .collection import CallPage, CallQuery, CallView, webhooks
from .models import Call, Webhook

blueprint = Blueprint("webhook verbs", __name__, url_prefix="/webhooks")


@blueprint.post("/<uuid:webhook_id>/rotate-secret")
@requires("webhook:update")
@answers(webhooks)
def rotate_secret(webhook_id: UUID) -> Webhook:
    """Give a webhook a new secret, shown in this answer only; the old one stays good for a day."""
    with transaction() as session:
        webhook = actions.rotate_secret(writing.get_for(session, webhooks, webhook_id, "webhook:update"))
        session.flush()
        return webhook


@blueprint.post("/<uuid:webhook_id>/test")
@requires("webhook:update")
@answers(CallView, 202)
def test(webhook_id: UUID) -> Call:
    """Send a webhook a test event; the answer is its delivery, which can be followed among the others."""
    with transaction() as session:
        webhook = writing.get_for(session, webhooks, webhook_id, "webhook:update")
        if not webhook.active:
            raise errors.StateConflict(say("This webhook is switched off; switch it on first."))
        return actions.test(session, webhook)


@blueprint.get("/<uuid:webhook_id>/deliveries")
@requires("webhook:read")
@query(CallQuery)
@answers(CallPage)
def list_deliveries(webhook_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The deliveries of a webhook, the latest first."""
    limit, status, cursor = query["limit"], query.get("status"), query["cursor"]
    question = f"deliveries of {webhook_id} {status}"
    before = paging.position(question, cursor)[0] if cursor else None
    with transaction() as session:
        webhook = writing.get(session, webhooks, webhook_id)
        rows = queries.calls_page(session, webhook.id, status=status, before=before, limit=limit)
    more, rows = len(rows) > limit, rows[:limit]
    return {"items": rows, "next_cursor": paging.cursor_after(question, rows[-1].position) if more else None}


@blueprint.post("/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay")
@requires("webhook:update")
@answers(CallView, 202)
def replay(webhook_id: UUID, delivery_id: UUID) -> Call:
    """Make a finished delivery once more, behind those that wait."""
    with transaction() as session:
        writing.get_for(session, webhooks, webhook_id, "webhook:update")
        return actions.replay(session, queries.call(session, webhook_id, delivery_id))
