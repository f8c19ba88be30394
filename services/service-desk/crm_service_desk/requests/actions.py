"""What can be done to a request. The caller opens the transaction and announces what happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, numbering, org
from crm_chassis.collection.declaration import company_code
from crm_chassis.identity import current_principal
from crm_chassis.language import say, word

from ..calendars import queries as calendars
from ..calendars import rules as working_time
from ..customers import queries as customers
from ..customers.models import Customer
from ..people import queries as people
from ..sla import queries as sla
from ..sla import rules as sla_rules
from ..vocabulary import STATUSES, VERBS
from . import rules
from .models import Comment, Request

_GRADED_BY = ("kind", "priority", "customer_id")


def create(session: Session, values: dict[str, Any]) -> Request:
    """Take in a request: number it, place it in the customer's company, set its time limits. Raises Invalid."""
    customer = _checked_customer(session, values, None)
    values = values | {"unit_id": _unit(values["unit_id"], customer)}
    number = f"SR-{numbering.code(company_code(values['unit_id']), 'request')}"
    request = Request(**{"priority": "normal", **values}, number=number, status="created", sla_started_at=clock.now())
    grade(session, request)
    session.add(request)
    return request


def change(session: Session, request: Request, values: dict[str, Any]) -> None:
    """Edit a request; a new kind, priority or customer brings the time limits that hold for it. Raises Invalid."""
    if "customer_id" in values or "contact_id" in values:
        _checked_customer(session, values, request)
    graded = [getattr(request, name) for name in _GRADED_BY]
    for name, value in values.items():
        setattr(request, name, value)
    if graded != [getattr(request, name) for name in _GRADED_BY]:
        grade(session, request)


def grade(session: Session, request: Request) -> None:
    """Set the due times by the policy that holds now, or none when no policy does.

    What was told of a limit stands only if its new time has passed as well; what is still to come is told anew.
    """
    level = customers.level_of(session, request.customer_id) if request.customer_id else None
    policy = sla.policy_for(session, request.unit_id, kind=request.kind, priority=request.priority, level=level)
    request.calendar_id = policy.calendar_id if policy else None
    if policy is None:
        request.response_due_at = request.warn_at = request.due_at = None
    else:
        limits = sla_rules.deadlines(
            request.sla_started_at,
            calendars.working_time(session, policy.calendar_id),
            response_minutes=policy.response_minutes,
            resolve_minutes=policy.resolve_minutes,
            held_s=request.held_s or 0,
        )
        request.response_due_at, request.warn_at, request.due_at = limits.response_due_at, limits.warn_at, limits.due_at
    now = request.held_at or clock.now()
    heard = request.responded_at or now
    request.response_breached = sla_rules.stands(request.response_breached, request.response_due_at, heard)
    request.sla_warned = sla_rules.stands(request.sla_warned, request.warn_at, now)
    request.sla_breached = sla_rules.stands(request.sla_breached, request.due_at, now)


def assign(session: Session, request: Request, *, assignee_id: UUID) -> None:
    """Give the request to somebody. Raises Invalid for a user out of reach; StateConflict when it is answered."""
    _refuse(request, "assign")
    people.require_assignable(session, assignee_id, request.unit_id)
    request.assignee_id = assignee_id
    request.status = rules.after_assign(request.status)


def start(_session: Session, request: Request) -> None:
    """Begin to work; a request nobody has becomes the caller's. Raises StateConflict."""
    _refuse(request, "start")
    request.assignee_id = request.assignee_id or current_principal().user_id
    request.status = "in_progress"


def hold(_session: Session, request: Request, *, until: datetime, reason: str) -> None:
    """Stop the clock until a moment in the future. Raises Invalid, StateConflict."""
    _refuse(request, "hold")
    if until <= clock.now():
        raise errors.field_error("/until", "past", say("Choose a time that is still to come."))
    request.held_at, request.held_until, request.hold_reason = clock.now(), until, reason
    request.status = "on_hold"


def resume(session: Session, request: Request) -> None:
    """Let the clock run again; what is due moves by the working time spent on hold. Raises StateConflict."""
    _refuse(request, "resume")
    calendar, now = calendars.working_time(session, request.calendar_id), clock.now()
    held_s = working_time.between(calendar, request.held_at or now, now)
    request.held_s += int(held_s)
    for name in ("response_due_at", "warn_at", "due_at"):
        due = getattr(request, name)
        setattr(request, name, working_time.after(calendar, due, held_s) if due else None)
    request.held_at = request.held_until = request.hold_reason = None
    request.status = rules.waiting(request.assignee_id is not None)


def answer(_session: Session, request: Request, *, answer: str) -> None:
    """Write down what the customer was told. Raises StateConflict unless somebody is at work on it."""
    _refuse(request, "answer")
    request.answer, request.answered_at = answer, clock.now()
    request.responded_at = request.responded_at or request.answered_at
    request.status = "answered"


def feedback(session: Session, request: Request, *, satisfaction: int, comment: str | None = None) -> None:
    """Keep the customer's rating, 1 to 5: from 3 the request is archived, below it goes back. Raises StateConflict."""
    _refuse(request, "feedback")
    request.satisfaction, request.feedback, request.rated_at = satisfaction, comment, clock.now()
    request.status = rules.after_feedback(satisfaction)
    if request.status == "archived":
        request.archived_at = clock.now()
    else:
        _restart(session, request)


def archive(_session: Session, request: Request) -> None:
    """Close an answered request. Raises StateConflict."""
    _refuse(request, "archive")
    request.status, request.archived_at = "archived", clock.now()


def reopen(session: Session, request: Request, *, reason: str | None = None) -> None:
    """Take up an answered or archived request again, with fresh time limits. Raises StateConflict."""
    _refuse(request, "reopen")
    request.archived_at = None
    request.status = rules.waiting(request.assignee_id is not None)
    _restart(session, request)
    _note(session, request, reason)


def escalate(session: Session, request: Request, *, reason: str | None = None) -> None:
    """Raise the priority and hand the request to the active manager nearest above whoever has it.

    Raises StateConflict, also when nobody stands above.
    """
    _refuse(request, "escalate")
    manager = people.next_above(session, request.unit_id, request.assignee_id)
    if manager is None:
        raise errors.StateConflict(
            say("No manager stands above to take this request. Name one for its unit or above, or raise its priority.")
        )
    request.priority, request.escalated_at = rules.raised(request.priority), clock.now()
    request.assignee_id = manager
    request.status = rules.after_assign(request.status)
    grade(session, request)
    _note(session, request, reason)


def comment(session: Session, request: Request, *, body: str, public: bool) -> Comment:
    """Add a remark; the first public one is the first response."""
    remark = Comment(request_id=request.id, author_id=current_principal().user_id, body=body, public=public)
    session.add(remark)
    if public and request.responded_at is None:
        request.responded_at = clock.now()
    return remark


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Give everything unfinished of one user to another, as assignee and as owner."""
    for column in (Request.assignee_id, Request.owner_id):
        _rewrite(session, [column == from_user_id, Request.status.in_(rules.UNFINISHED)], {column.key: to_user_id})


def follow_merge(session: Session, merged_id: UUID, into_id: UUID) -> None:
    """Point the merged customer's requests at the other one, remembering where they came from."""
    origin = func.array_append(Request.merged_from, merged_id)
    _rewrite(session, [Request.customer_id == merged_id], {"customer_id": into_id, "merged_from": origin})


def undo_merge(session: Session, customer_id: UUID) -> None:
    """Give a customer back every request it had when it was merged away, whatever happened to the other since."""
    place = func.array_position(Request.merged_from, customer_id)
    before = Request.__table__.c.merged_from[1 : place - 1]
    _rewrite(
        session, [Request.merged_from.contains([customer_id])], {"customer_id": customer_id, "merged_from": before}
    )


def _rewrite(session: Session, where: list[Any], values: Mapping[str, Any]) -> None:
    rows = update(Request.__table__).where(*where)  # type: ignore[arg-type]
    session.execute(rows.values(**values, version=Request.version + 1, updated_at=clock.now()))


def _refuse(request: Request, verb: str) -> None:
    if not rules.allows(verb, request.status):
        states = [word(STATUSES, state) for state in sorted(rules.ALLOWED[verb])]
        raise errors.StateConflict(
            say(
                "This request is {status}; {verb} is for requests that are {states}.",
                status=word(STATUSES, request.status),
                verb=VERBS[verb],
                states=states,
            )
        )


def _restart(session: Session, request: Request) -> None:
    request.sla_started_at, request.held_s, request.responded_at = clock.now(), 0, None
    request.reopened_count += 1
    grade(session, request)


def _note(session: Session, request: Request, reason: str | None) -> None:
    if reason:
        comment(session, request, body=reason, public=False)


def _checked_customer(session: Session, values: Mapping[str, Any], request: Request | None) -> Customer | None:
    """The customer the values name, when it is new; the contact must be one of the customer's."""
    known = request.customer_id if request else None
    customer_id = values.get("customer_id", known)
    changed = customer_id is not None and customer_id != known
    customer = customers.visible(session, customer_id) if changed else None
    contact_id = values.get("contact_id", request.contact_id if request else None)
    if contact_id is not None:
        customers.refuse_stranger(session, contact_id, customer_id)
    return customer


def _unit(unit_id: UUID, customer: Customer | None) -> UUID:
    """The unit asked for, unless the customer is another company's that the caller's create grant reaches."""
    tree, principal = org.tree(), current_principal()
    if customer is None or unit_id != principal.unit_id:
        return unit_id
    company = tree.company(customer.unit_id)
    elsewhere = company != tree.company(unit_id) and principal.reaches_unit("request:create", company)
    return company if elsewhere else unit_id
