"""The events that any service gave up, for operators: look at them, have them tried again, let them go.

The gateway asks every service with the internal key. An event is named ``<service>.<event id>``: whose inbox, and which.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Response, current_app
from marshmallow import Schema
from marshmallow import fields as ma
from sqlalchemy.orm import Session
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from crm_chassis import dead_events, errors
from crm_chassis.database import system_transaction
from crm_chassis.http import Blueprint, answers
from crm_chassis.identity import requires
from crm_chassis.internal_key import internal_headers
from crm_chassis.service import current_runtime
from crm_contracts.services import SERVICES

from ..audit import actions as audit
from .upstreams import Upstream

blueprint = Blueprint("system_dead_events", __name__, url_prefix="/system/dead-events")

_PATIENCE = Timeout(connect=1.0, read=5.0)
_VERBS = {"replay": ("dead_event.replayed", dead_events.replay), "drop": ("dead_event.dropped", dead_events.drop)}


class DeadEventView(Schema):
    """One event that a service gave up. Its content belongs to a unit and is not shown here."""

    id = ma.String()
    service = ma.String()
    event_id = ma.UUID()
    source = ma.String()
    type = ma.String()
    subject_id = ma.UUID()
    subject_version = ma.Integer()
    attempts = ma.Integer()
    error = ma.String(allow_none=True)
    received_at = ma.AwareDateTime()


class DeadEventsView(Schema):
    """The latest of each service. unreached: the services that did not answer."""

    items = ma.List(ma.Nested(DeadEventView))
    unreached = ma.List(ma.String())


@blueprint.get("")
@requires("system:read")
@answers(DeadEventsView)
def list_dead_events() -> dict[str, Any]:
    """The events that services gave up, the latest first."""
    behind = list(_upstreams().values())
    key = internal_headers(current_runtime().settings)
    with ThreadPoolExecutor(max_workers=max(1, len(behind))) as pool:
        told = dict(
            zip((each.service for each in behind), pool.map(lambda each: _listed(each, key), behind), strict=True)
        )
    with system_transaction() as session:
        told["gateway"] = dead_events.listed(session)
    items = [
        {**each, "service": service, "id": f"{service}.{each['event_id']}"}
        for service, found in told.items()
        for each in found or ()
    ]
    items.sort(key=lambda each: each["received_at"], reverse=True)
    return {"items": items, "unreached": sorted(service for service, found in told.items() if found is None)}


@blueprint.post("/<dead_event_id>/replay")
@requires("system:configure")
def replay_dead_event(dead_event_id: str) -> Response:
    """Have a service try an event again that it gave up or that somebody let go."""
    return _settle("replay", dead_event_id)


@blueprint.post("/<dead_event_id>/drop")
@requires("system:configure")
def drop_dead_event(dead_event_id: str) -> Response:
    """Let an event go: its effect is not needed, or was made good by hand."""
    return _settle("drop", dead_event_id)


def _settle(verb: str, dead_event_id: str) -> Response:
    service, event_id = _named(dead_event_id)
    action, here = _VERBS[verb]
    # One transaction: what cannot be written into the audit log is not done.
    with system_transaction() as session:
        audit.record(
            session,
            action,
            unit_id=audit.root_unit(),
            subject_type="dead_event",
            subject_id=event_id,
            subject_name=service,
        )
        session.flush()
        if service == "gateway":
            _settle_here(session, here, event_id)
        else:
            _settle_there(service, f"{event_id}/{verb}")
    return Response(status=204)


def _named(dead_event_id: str) -> tuple[str, UUID]:
    service, _, rest = dead_event_id.rpartition(".")
    try:
        event_id = UUID(rest)
    except ValueError as error:
        raise errors.NotFound from error
    if service not in SERVICES:
        raise errors.NotFound
    return service, event_id


def _settle_here(session: Session, settle: Any, event_id: UUID) -> None:
    try:
        settle(session, event_id)
    except dead_events.UnknownEvent as error:
        raise errors.NotFound from error


def _settle_there(service: str, path: str) -> None:
    upstream = _upstreams().get(service)
    if upstream is None:
        raise errors.NotFound
    try:
        answer = _ask(upstream, "POST", f"{dead_events.PATH}/{path}", internal_headers(current_runtime().settings))
    except HTTPError as error:
        raise errors.Unavailable(code="upstream_failed", headers={"Retry-After": "1"}) from error
    if answer.status == 404:
        raise errors.NotFound
    if answer.status != 204:
        raise errors.Unavailable(code="upstream_failed", headers={"Retry-After": "1"})


def _listed(upstream: Upstream, key: dict[str, str]) -> list[dict[str, Any]] | None:
    """The dead events of a service; None when it does not say."""
    try:
        answer = _ask(upstream, "GET", dead_events.PATH, key)
    except HTTPError:
        return None
    if answer.status != 200:
        return None
    items = orjson.loads(answer.data)["items"]
    return [each | {"received_at": datetime.fromisoformat(each["received_at"])} for each in items]


def _ask(upstream: Upstream, method: str, path: str, headers: dict[str, str]) -> Any:
    address = f"{upstream.prefix}{path}"
    return upstream.pool.request(method, address, headers=headers, timeout=_PATIENCE, retries=False)


def _upstreams() -> dict[str, Upstream]:
    found: dict[str, Upstream] = current_app.extensions["edge"].upstreams
    return found
