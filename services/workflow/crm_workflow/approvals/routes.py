"""What people do with approvals, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema
from marshmallow import fields as ma

from crm_chassis import org
from crm_chassis.collection.writing import get
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, gives, json_response, plain
from crm_chassis.identity import requires

from . import collection, diagram, rules
from .collection import APPROVE, READ, AddedBody, CommentBody, ReasonBody, UserBody, approvals
from .models import Approval

SVG = "image/svg+xml"
blueprint = Blueprint("approval verbs", __name__, url_prefix="/approvals")


class DiagramSchema(Schema):
    """An approval as nodes (start, steps, end) and edges."""

    nodes = ma.List(ma.Dict())
    edges = ma.List(ma.Dict())


@blueprint.post("/<uuid:approval_id>/approve")
@requires(APPROVE, idempotency_key=True)
@accepts(CommentBody)
@answers(approvals)
def approve(approval_id: UUID, body: dict[str, Any]) -> Approval:
    """Agree, as somebody who is asked."""
    with transaction() as session:
        return collection.decide(session, approval_id, "approve", **body)


@blueprint.post("/<uuid:approval_id>/reject")
@requires(APPROVE, idempotency_key=True)
@accepts(ReasonBody)
@answers(approvals)
def reject(approval_id: UUID, body: dict[str, Any]) -> Approval:
    """Refuse for good, and say why."""
    with transaction() as session:
        return collection.decide(session, approval_id, "reject", **body)


@blueprint.post("/<uuid:approval_id>/return")
@requires(APPROVE, idempotency_key=True)
@accepts(ReasonBody)
@answers(approvals)
def return_(approval_id: UUID, body: dict[str, Any]) -> Approval:
    """Send the document back for correction, and say what is to be corrected."""
    with transaction() as session:
        return collection.decide(session, approval_id, "return", **body)


@blueprint.post("/<uuid:approval_id>/delegate")
@requires(APPROVE, idempotency_key=True)
@accepts(UserBody)
@answers(approvals)
def delegate(approval_id: UUID, body: dict[str, Any]) -> Approval:
    """Let somebody decide in the caller's place; whoever of the two is first counts."""
    with transaction() as session:
        return collection.ask_another(session, approval_id, "delegate", **body)


@blueprint.post("/<uuid:approval_id>/transfer")
@requires(APPROVE, idempotency_key=True)
@accepts(UserBody)
@answers(approvals)
def transfer(approval_id: UUID, body: dict[str, Any]) -> Approval:
    """Ask somebody else instead of the caller."""
    with transaction() as session:
        return collection.ask_another(session, approval_id, "transfer", **body)


@blueprint.post("/<uuid:approval_id>/add-approver")
@requires(APPROVE, idempotency_key=True)
@accepts(AddedBody)
@answers(approvals)
def add_approver(approval_id: UUID, body: dict[str, Any]) -> Approval:
    """Ask one more person, before, after or beside the caller."""
    with transaction() as session:
        return collection.ask_another(session, approval_id, "add-approver", **body)


@blueprint.post("/<uuid:approval_id>/withdraw")
@requires(READ, idempotency_key=True)
@answers(approvals)
def withdraw(approval_id: UUID) -> Approval:
    """Call the approval off, as the person who asked for it."""
    with transaction() as session:
        return collection.withdraw(session, approval_id)


@blueprint.post("/<uuid:approval_id>/remind")
@requires(READ, idempotency_key=True)
@answers(approvals)
def remind(approval_id: UUID) -> Approval:
    """Ask those again who have not decided, at most once a day."""
    with transaction() as session:
        return collection.remind(session, approval_id)


@blueprint.get("/<uuid:approval_id>/diagram")
@requires(READ)
@gives(SVG)
@answers(DiagramSchema)
def picture(approval_id: UUID) -> Response:
    """The flow and where the document stands in it: as data, or as a picture when SVG is accepted."""
    with transaction() as session:
        approval: Approval = get(session, approvals, approval_id)
        people = {approval.requester_id, *map(UUID, rules.involved(approval.steps))}
        names = {str(user.id): user.display_name for user in org.users(session, people).values()}
    drawn = diagram.graph(
        approval.steps,
        status=approval.status,
        requester_id=str(approval.requester_id),
        requested_at=plain(approval.created_at),
        names=names,
    )
    if request.accept_mimetypes.best_match(["application/json", SVG]) == SVG:
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return Response(diagram.svg(drawn, approval.title), mimetype=SVG, headers=headers)
    return json_response(drawn)
