"""``/notifications``: the caller's own, whatever their roles reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.collection import described, listing
from crm_chassis.database import everything, transaction
from crm_chassis.http import Blueprint, answers, gives, json_response
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say
from crm_chassis.service import current_runtime

from . import actions, queries, stream
from .collection import NotificationPage, NotificationView, ReadAllView, UnreadView, notifications
from .models import Notification

blueprint = Blueprint("notifications", __name__, url_prefix="/notifications")

_NUMBER_MAX = 2**63 - 1


@contextmanager
def _own() -> Iterator[tuple[Session, UUID]]:
    """A transaction and the caller's id. Queries in it name the recipient, so no other scope is needed."""
    with transaction() as session, everything(session):
        yield session, current_principal().user_id


def _shown(row: Notification) -> dict[str, Any]:
    return {**notifications.dump(row), "can": [] if row.read_at else ["read"]}


@blueprint.get("")
@requires("notification:read")
@answers(NotificationPage)
def list_notifications() -> Response:
    """List the caller's notifications, the newest first; `unread=true` leaves out what was read."""
    wanted = listing.asked(notifications, request.args)
    with _own() as (session, user_id):
        page = listing.page(session, notifications, wanted, queries.mine(user_id))
    for item in page["items"]:
        if "can" in item:
            item["can"] = [] if item.get("read_at") else ["read"]
    return json_response(page)


@blueprint.get("/schema")
@requires("notification:read")
def schema() -> Response:
    """The fields of a notification."""
    with transaction() as session:
        return json_response(described.schema(session, notifications, current_principal()))


@blueprint.get("/unread-count")
@requires("notification:read")
@answers(UnreadView)
def unread_count() -> dict[str, int]:
    """How many notifications the caller has not read."""
    with _own() as (session, user_id):
        return {"unread": queries.unread_count(session, user_id)}


@blueprint.get("/<uuid:notification_id>")
@requires("notification:read")
@answers(NotificationView)
def read_notification(notification_id: UUID) -> Response:
    """Read one of the caller's notifications; reading it here does not mark it."""
    with _own() as (session, user_id):
        row = queries.one(session, user_id, notification_id)
        return json_response(_shown(row), headers={"ETag": f'"{row.version}"'})


@blueprint.post("/<uuid:notification_id>/read")
@requires("notification:update")
@answers(NotificationView)
def mark_read(notification_id: UUID) -> Response:
    """Mark one of the caller's notifications as read."""
    with _own() as (session, user_id):
        row = actions.mark_read(session, queries.one(session, user_id, notification_id, lock=True))
        return json_response(_shown(row), headers={"ETag": f'"{row.version}"'})


@blueprint.post("/read-all")
@requires("notification:update")
@answers(ReadAllView)
def mark_all_read() -> dict[str, int]:
    """Mark all of the caller's notifications as read."""
    with _own() as (session, user_id):
        return {"read": actions.mark_all_read(session, user_id)}


@blueprint.get("/stream")
@requires("notification:read")
@gives("text/event-stream")
def live() -> Response:
    """The caller's notifications as server-sent events, live; `Last-Event-ID` resumes where a stream broke off."""
    runtime, user_id = current_runtime(), current_principal().user_id
    asked = request.headers.get("Last-Event-ID") or request.args.get("last_event_id")
    start = stream.head(runtime, user_id) if asked is None else _number(asked)
    hub = stream.hub_of(runtime)
    waiter = hub.enter(user_id)
    response = Response(stream.events(runtime, waiter, start), mimetype="text/event-stream", headers=_UNBUFFERED)
    line = request.environ.get("gunicorn.socket")
    response.call_on_close(lambda: stream.end(hub, waiter, line))
    return response


_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _NUMBER_MAX):
        raise errors.BadRequest(say("Last-Event-ID is the id of an event of this stream."), code="last_event_id")
    return int(text)
