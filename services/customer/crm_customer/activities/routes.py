"""The activities' verbs and the calendar feed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from flask import Response
from itsdangerous import BadSignature

from crm_chassis import clock, errors, org
from crm_chassis.database import system_transaction, transaction
from crm_chassis.http import Blueprint, accepts, answers, gives, query
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from ..paging import signer
from . import collection, queries, rules
from .collection import activities
from .models import Activity
from .schemas import CancelBody, CompleteBody, FeedQuery, FeedView

blueprint = Blueprint("activity verbs", __name__, url_prefix="/activities")
feed = Blueprint("calendar feed", __name__)

_SALT = "calendar"


@blueprint.post("/<uuid:activity_id>/complete")
@requires("activity:update")
@accepts(CompleteBody)
@answers(activities)
def complete(activity_id: UUID, body: dict[str, Any]) -> Activity:
    """Mark an activity done with its outcome."""
    with transaction() as session:
        return collection.complete(session, activity_id, **body)


@blueprint.post("/<uuid:activity_id>/cancel")
@requires("activity:update")
@accepts(CancelBody)
@answers(activities)
def cancel(activity_id: UUID, body: dict[str, Any]) -> Activity:
    """Cancel a planned activity."""
    with transaction() as session:
        return collection.cancel(session, activity_id, **body)


@blueprint.get("/feed-token")
@requires("activity:read")
@answers(FeedView)
def feed_token() -> dict[str, str]:
    """The address at which a calendar application can subscribe to the caller's activities."""
    token = signer(_SALT).dumps(str(current_principal().user_id))
    site = current_runtime().settings.public_url.rstrip("/")
    return {"token": str(token), "url": f"{site}/api/v1/activities.ics?token={token}"}


@feed.get("/activities.ics")
@requires("public")
@query(FeedQuery)
@gives("text/calendar")
def calendar(query: dict[str, str]) -> Response:
    """The activities of the token's user as a calendar, from 90 days back to a year ahead."""
    user_id = _user_of(query["token"])
    with system_transaction() as session:
        user = org.users(session, {user_id}).get(user_id)
        if user is None or not user.active:
            raise errors.NotFound(say("This calendar is no longer offered."))
        events = [_event(activity) for activity in queries.of_user(session, user_id, clock.now())]
    name = f"Banyan · {user.display_name}"
    text = rules.calendar_text(events, name=name, site=current_runtime().settings.public_url.rstrip("/"))
    headers = {"Content-Disposition": 'inline; filename="activities.ics"', "Cache-Control": "private, max-age=300"}
    return Response(text, headers=headers, mimetype="text/calendar")


def _user_of(token: str) -> UUID:
    try:
        return UUID(signer(_SALT).loads(token))
    except (BadSignature, ValueError) as error:
        raise errors.NotFound(say("This calendar address is not valid; copy it again from the console.")) from error


def _event(activity: Activity) -> rules.Event:
    return rules.Event(**{part.name: getattr(activity, part.name) for part in fields(rules.Event)})
