"""The verbs of a request and its comments over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis import paging
from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, NothingBody, accepts, answers, query
from crm_chassis.identity import requires

from . import collection as verbs
from . import queries, schemas
from .collection import requests

blueprint = Blueprint("request verbs", __name__, url_prefix="/requests")


@blueprint.post("/<uuid:request_id>/assign")
@requires("request:assign")
@accepts(schemas.AssignBody)
@answers(requests)
def assign(request_id: UUID, body: dict[str, Any]) -> Any:
    """Give a request to somebody."""
    with transaction() as session:
        return verbs.assign(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/start")
@requires("request:update")
@accepts(NothingBody)
@answers(requests)
def start(request_id: UUID, body: dict[str, Any]) -> Any:
    """Begin to work on a request; one that nobody has becomes yours."""
    with transaction() as session:
        return verbs.start(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/hold")
@requires("request:update")
@accepts(schemas.HoldBody)
@answers(requests)
def hold(request_id: UUID, body: dict[str, Any]) -> Any:
    """Stop a request's clock until a moment in the future."""
    with transaction() as session:
        return verbs.hold(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/resume")
@requires("request:update")
@accepts(NothingBody)
@answers(requests)
def resume(request_id: UUID, body: dict[str, Any]) -> Any:
    """Let a request's clock run again; what is due moves by the time spent on hold."""
    with transaction() as session:
        return verbs.resume(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/answer")
@requires("request:update")
@accepts(schemas.AnswerBody)
@answers(requests)
def answer(request_id: UUID, body: dict[str, Any]) -> Any:
    """Write down what the customer was told."""
    with transaction() as session:
        return verbs.answer(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/feedback")
@requires("request:update")
@accepts(schemas.FeedbackBody)
@answers(requests)
def feedback(request_id: UUID, body: dict[str, Any]) -> Any:
    """Keep the customer's rating: from 3 the request is archived, below it goes back to its assignee."""
    with transaction() as session:
        return verbs.feedback(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/archive")
@requires("request:update")
@accepts(NothingBody)
@answers(requests)
def archive(request_id: UUID, body: dict[str, Any]) -> Any:
    """Close an answered request."""
    with transaction() as session:
        return verbs.archive(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/reopen")
@requires("request:update")
@accepts(schemas.ReasonBody)
@answers(requests)
def reopen(request_id: UUID, body: dict[str, Any]) -> Any:
    """Take up an answered or archived request again, with fresh time limits."""
    with transaction() as session:
        return verbs.reopen(session, request_id, **body)


@blueprint.post("/<uuid:request_id>/escalate")
@requires("request:update")
@accepts(schemas.ReasonBody)
@answers(requests)
def escalate(request_id: UUID, body: dict[str, Any]) -> Any:
    """Raise a request's priority and hand it to the manager of its unit."""
    with transaction() as session:
        return verbs.escalate(session, request_id, **body)


@blueprint.get("/<uuid:request_id>/comments")
@requires("request:read")
@query(schemas.CommentsQuery)
@answers(schemas.CommentsSchema)
def list_comments(request_id: UUID, query: dict[str, Any]) -> Any:
    """List a request's comments, oldest first."""
    question, limit, cursor = f"comments of {request_id}", query["limit"], query["cursor"]
    after = UUID(paging.position(question, cursor)[0]) if cursor else None
    with transaction() as session:
        writing.get(session, requests, request_id)
        rows = queries.comments(session, request_id, after=after, limit=limit)
    more, rows = len(rows) > limit, rows[:limit]
    return {"items": rows, "next_cursor": paging.cursor_after(question, str(rows[-1].id)) if more else None}


@blueprint.post("/<uuid:request_id>/comments")
@requires("request:update")
@accepts(schemas.CommentSchema)
@answers(schemas.CommentSchema, 201)
def create_comment(request_id: UUID, body: dict[str, Any]) -> Any:
    """Add a comment; the first public one counts as the first response."""
    with transaction() as session:
        return verbs.comment(session, request_id, **body)
