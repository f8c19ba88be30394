"""Editing and publishing flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, outbox
from crm_chassis.collection.writing import assign
from crm_chassis.errors import FieldError, Invalid, StateConflict, entry, field_error
from crm_chassis.language import say

from ..people import queries as people
from . import rules
from .models import ApprovalFlow

_COPY = ("name", "conditions", "steps")


def create(session: Session, values: dict[str, Any]) -> ApprovalFlow:
    """Draft a flow; nothing follows it until it is published. Raises Invalid."""
    flow = ApprovalFlow(**_as_json(values))
    _check(session, flow)
    session.add(flow)
    return flow


def change(session: Session, flow: ApprovalFlow, values: dict[str, Any]) -> None:
    """Edit the working copy; what was published goes on until the next publication. Raises Invalid."""
    values = _as_json(values)
    if flow.flow_version and values.get("subject_type", flow.subject_type) != flow.subject_type:
        raise field_error(
            "/subject_type", "fixed", say("A published flow keeps its kind of document; make a new flow.")
        )
    with session.no_autoflush:
        assign(flow, values)
        if flow.published:
            flow.status = "published" if _working_copy(flow) == flow.published else "draft"
        _check(session, flow)


def publish(session: Session, flow: ApprovalFlow) -> None:
    """Let the working copy run for documents asked about from now on.

    Approvals under way keep the version they began with. Raises StateConflict when there is nothing new, Invalid when
    the flow has no steps or names users who are gone.
    """
    if flow.published == _working_copy(flow):
        raise StateConflict(say("This version is published already."))
    if not flow.steps:
        raise field_error("/steps", "required", say("Add a step before you publish the flow."))
    _check(session, flow)
    flow.published, flow.published_at = _working_copy(flow), clock.now()
    flow.flow_version += 1
    flow.status = "published"


def _working_copy(flow: ApprovalFlow) -> dict[str, Any]:
    return {name: getattr(flow, name) for name in _COPY}


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return values | {name: outbox.to_json(values[name]) for name in ("conditions", "steps") if name in values}


def _check(session: Session, flow: ApprovalFlow) -> None:
    problems = [*_keys(flow), *_users(session, flow)]
    if problems:
        raise Invalid(problems[0]["message"], errors=problems)


def _keys(flow: ApprovalFlow) -> Iterator[FieldError]:
    for position in rules.repeated_keys(flow.steps or ()):
        yield entry(f"/steps/{position}/key", "duplicate", say("Another step has this key already."))


def _users(session: Session, flow: ApprovalFlow) -> Iterator[FieldError]:
    named = [
        (f"/steps/{step_at}/approvers/{at}/value", UUID(approver["value"]))
        for step_at, step in enumerate(flow.steps or ())
        for at, approver in enumerate(step["approvers"])
        if approver["kind"] == "user"
    ]
    known = set(people.deciders(session, [user_id for _, user_id in named]))
    for pointer, user_id in named:
        if user_id not in known:
            yield entry(pointer, "unknown", say("Choose an active user whose roles let them decide."))
