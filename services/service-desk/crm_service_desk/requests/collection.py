"""The collection of requests: its verbs, each with the event that tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis.collection import Collection, Verb, writing
from crm_chassis.http import NothingBody
from crm_chassis.language import Sentence, say

from . import actions, rules, schemas
from .models import Request

UPDATE, ASSIGN = "request:update", "request:assign"


def assign(session: Session, request_id: UUID, *, assignee_id: UUID) -> Request:
    """Give a request to somebody; giving it to whoever has it already is no news."""
    request: Request = writing.get_for(session, requests, request_id, ASSIGN)
    version = request.version
    actions.assign(session, request, assignee_id=assignee_id)
    requests.announce_since(session, request, version, "assigned")
    return request


def start(session: Session, request_id: UUID) -> Request:
    """Begin to work on a request."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.start(session, request)
    return _told(session, request, "started")


def hold(session: Session, request_id: UUID, *, until: datetime, reason: str) -> Request:
    """Stop a request's clock."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.hold(session, request, until=until, reason=reason)
    return _told(session, request, "held")


def resume(session: Session, request_id: UUID) -> Request:
    """Let a request's clock run again."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.resume(session, request)
    return _told(session, request, "resumed")


def answer(session: Session, request_id: UUID, *, answer: str) -> Request:
    """Answer a request."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.answer(session, request, answer=answer)
    return _told(session, request, "answered")


def feedback(session: Session, request_id: UUID, *, satisfaction: int, comment: str | None) -> Request:
    """Keep the customer's rating; a satisfied customer's request is archived at once."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.feedback(session, request, satisfaction=satisfaction, comment=comment)
    _told(session, request, "rated")
    return _told(session, request, "archived") if request.status == "archived" else request


def archive(session: Session, request_id: UUID) -> Request:
    """Close an answered request."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.archive(session, request)
    return _told(session, request, "archived")


def reopen(session: Session, request_id: UUID, *, reason: str | None) -> Request:
    """Take up a request again."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.reopen(session, request, reason=reason)
    return _told(session, request, "reopened")


def escalate(session: Session, request_id: UUID, *, reason: str | None) -> Request:
    """Raise a request's priority and hand it to the unit's manager."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    actions.escalate(session, request, reason=reason)
    return _told(session, request, "escalated")


def comment(session: Session, request_id: UUID, *, body: str, public: bool) -> Any:
    """Add a remark; the first public one is a change of the request, its first response."""
    request = writing.get_for(session, requests, request_id, UPDATE)
    before = request.responded_at
    remark = actions.comment(session, request, body=body, public=public)
    if request.responded_at != before:
        _told(session, request, "changed")
    session.flush()
    return remark


def _told(session: Session, request: Request, fact: str) -> Request:
    requests.announce(session, request, fact)
    return request


def _verb(name: str, run: Any, body: Any, permission: str = UPDATE) -> Verb:
    return Verb(name, permission, when=lambda request: rules.allows(name, request.status), body=body, run=run)


def _locked(request: Request) -> Sentence | None:
    return say("An archived request cannot be edited; reopen it first.") if request.status == "archived" else None


requests = Collection(
    "requests",
    Request,
    schemas.RequestSchema,
    ("服务请求", "Requests"),
    subject="request",
    create=actions.create,
    update=actions.change,
    locked=_locked,
    verbs=(
        _verb("assign", assign, schemas.AssignBody, ASSIGN),
        _verb("start", start, NothingBody),
        _verb("hold", hold, schemas.HoldBody),
        _verb("resume", resume, NothingBody),
        _verb("answer", answer, schemas.AnswerBody),
        _verb("feedback", feedback, schemas.FeedbackBody),
        _verb("archive", archive, NothingBody),
        _verb("reopen", reopen, schemas.ReasonBody),
        _verb("escalate", escalate, schemas.ReasonBody),
    ),
)
