"""The activities' verbs and the calendar feed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from flask import Response
from itsdangerous import BadSignature

from crm_chassis import clock, errors, org, paging
from crm_chassis.database import system_transaction, transaction
from crm_chassis.http import Blueprint, accepts, answers, gives, query, shows_once
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say
from crm_chassis.service import current_runtime

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
    user_id = current_principal().user_id
    with transaction() as session:
        return _address(user_id, queries.renewals(session, user_id))


@blueprint.post("/feed-token")
@shows_once("token", "url")
@requires("activity:read")
@answers(FeedView)
def renew_feed_token() -> dict[str, str]:
    """Another address for the caller's calendar; those given before lead nowhere from now on."""
    user_id = current_principal().user_id
    with transaction() as session:
        return _address(user_id, queries.renew(session, user_id))


def _address(user_id: UUID, renewals: int) -> dict[str, str]:
    token = str(paging.signer(_SALT).dumps([str(user_id), renewals]))
    site = current_runtime().settings.public_url.rstrip("/")
    return {"token": token, "url": f"{site}/api/v1/activities.ics?token={token}"}


@feed.get("/activities.ics")
@requires("public")
@query(FeedQuery)
@gives("text/calendar")
def calendar(query: dict[str, str]) -> Response:
    """The activities of the token's user as a calendar, from 90 days back to a year ahead."""
    user_id, renewals = _subscription(query["token"])
    with system_transaction() as session:
        user = org.users(session, {user_id}).get(user_id)
        if user is None or not user.active or renewals != queries.renewals(session, user_id):
            raise errors.NotFound(say("This calendar is no longer offered."))
        shown = queries.of_user(session, user_id, clock.now())
        zones = queries.timezones(session, shown)
        events = [_event(activity, zones[activity.id]) for activity in shown]
    name = f"Banyan · {user.display_name}"
    text = rules.calendar_text(events, name=name, site=current_runtime().settings.public_url.rstrip("/"))
    headers = {"Content-Disposition": 'inline; filename="activities.ics"', "Cache-Control": "private, max-age=300"}
    return Response(text, headers=headers, mimetype="text/calendar")


def _subscription(token: str) -> tuple[UUID, int]:
    """Whose calendar a token is for, and how many addresses had been taken back when it was given."""
    try:
        user_id, renewals = paging.signer(_SALT).loads(token)
        return UUID(user_id), int(renewals)
    except (BadSignature, ValueError, TypeError) as error:
        raise errors.NotFound(say("This calendar address is not valid; copy it again from the console.")) from error


def _event(activity: Activity, timezone: str) -> rules.Event:
    own = {part.name: getattr(activity, part.name) for part in fields(rules.Event) if part.name != "timezone"}
    return rules.Event(**own, timezone=timezone)
