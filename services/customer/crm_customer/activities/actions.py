"""What happens to an activity: planned, changed, completed, cancelled, found to be late."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, numbering
from crm_chassis.collection.declaration import company_code
from crm_chassis.collection.writing import assign as set_columns
from crm_chassis.http import plain
from crm_chassis.identity import current_principal
from crm_chassis.language import Sentence, say, word

from ..contacts.queries import check_contact
from ..customers.actions import active_user
from ..customers.queries import for_child
from ..timeline.actions import note
from . import queries, rules
from .models import Activity
from .rules import STATUSES

_CARRIED = (
    *("subject", "category", "kind", "customer_id", "contact_id", "about", "plan", "priority", "assignee_id"),
    *("recurrence", "unit_id", "owner_id", "custom", "tags"),
)
"""What the next of recurring activities has of the last."""


def create(session: Session, values: dict[str, Any]) -> Activity:
    """Plan an activity, for the caller unless another may be and is named. Raises Invalid, Forbidden."""
    _check(session, values)
    values.setdefault("assignee_id", current_principal().user_id)
    return _add(session, values)


def change(session: Session, activity: Activity, values: dict[str, Any]) -> None:
    """Set an activity's columns; a new due time may become late again. Raises Invalid, Forbidden."""
    places = {
        name: getattr(activity, name) for name in ("customer_id", "contact_id", "starts_at", "due_at", "recurrence")
    }
    changed = {name: value for name, value in values.items() if value != getattr(activity, name)}
    _check(session, places | changed, given=changed)
    if {"starts_at", "due_at", "recurrence"} & changed.keys():
        activity.recurs_from = _anchor_after(session, activity, changed)
    set_columns(activity, changed)
    if "due_at" in changed:
        activity.overdue_at = None


def complete(session: Session, activity: Activity, *, outcome: str) -> Activity | None:
    """Mark the activity done with its outcome; answers the next one when it recurs. Raises StateConflict."""
    _refuse_over(activity)
    activity.status, activity.outcome, activity.done_at = "done", outcome, clock.now()
    if activity.customer_id:
        told = {"subject": activity.subject, "status": "done"}
        note(session, "activity.done", customer_id=activity.customer_id, subject_id=activity.id, values=told)
    return _following(session, activity) if activity.recurrence else None


def cancel(activity: Activity, *, reason: str | None) -> None:
    """Mark the activity cancelled. Raises StateConflict when it is over."""
    _refuse_over(activity)
    activity.status, activity.outcome = "cancelled", reason


def mark_late(session: Session, now: datetime, limit: int) -> list[Activity]:
    """Mark planned activities past their due time as overdue; answers those marked now, ``limit`` at most."""
    found = queries.late(session, now, limit)
    for activity in found:
        activity.overdue_at = now
        if activity.customer_id:
            told = {"subject": activity.subject, "status": "planned"}
            note(session, "activity.overdue", customer_id=activity.customer_id, subject_id=activity.id, values=told)
    return found


def why_locked(activity: Activity) -> Sentence | None:
    """Why an activity cannot be edited, None while it is planned."""
    return None if activity.status == "planned" else say("This activity is over; plan another one.")


def _refuse_over(activity: Activity) -> None:
    if activity.status != "planned":
        raise errors.StateConflict(say("This activity is {status} already.", status=word(STATUSES, activity.status)))


def _check(session: Session, values: dict[str, Any], *, given: dict[str, Any] | None = None) -> None:
    """Hold the values against the caller's scope and each other; ``given`` are those that are new (all by default)."""
    given = values if given is None else given
    permission = "activity:create" if given is values else "activity:update"
    if given.get("customer_id"):
        for_child(session, given["customer_id"], permission)
    if {"customer_id", "contact_id"} & given.keys():
        check_contact(session, values.get("contact_id"), values.get("customer_id"))
    if "assignee_id" in given:
        _check_assignee(session, given["assignee_id"])
    if given.get("about"):
        given["about"] = plain(given["about"])
    starts, due = values.get("starts_at"), values.get("due_at")
    if starts and due and due < starts:
        raise errors.field_error("/due_at", "before_start", say("It cannot be due before it starts."))
    if values.get("recurrence") and not (starts or due):
        raise errors.field_error("/recurrence", "no_time", say("What repeats needs a start or a due time."))


def _check_assignee(session: Session, user_id: UUID) -> None:
    principal = current_principal()
    if user_id == principal.user_id:
        return
    if not principal.may("activity:assign"):
        raise errors.field_error("/assignee_id", "out_of_scope", say("Only who may assign can plan for somebody else."))
    active_user(session, user_id, "/assignee_id")


def _add(session: Session, values: dict[str, Any]) -> Activity:
    number = numbering.code(company_code(values["unit_id"]), "activity")
    activity = Activity(**{"id": ids.uuid7(), **values, "number": f"AC-{number}"})
    session.add(activity)
    session.flush()
    return activity


def _following(session: Session, activity: Activity) -> Activity:
    here = rules.Times(activity.starts_at, activity.due_at)
    anchor, zone = activity.recurs_from or here.first, _zone(session, activity)
    times = rules.following(here, activity.recurrence or "", anchor=anchor, now=clock.now(), zone=zone)
    when = {"starts_at": times.starts_at, "due_at": times.due_at, "recurs_from": anchor}
    return _add(session, {name: getattr(activity, name) for name in _CARRIED} | when)


def _anchor_after(session: Session, activity: Activity, changed: dict[str, Any]) -> datetime | None:
    """What a series is counted from after an edit of one of it; None from that one."""
    before = activity.starts_at or activity.due_at
    after = changed.get("starts_at", activity.starts_at) or changed.get("due_at", activity.due_at)
    if "recurrence" in changed or before is None or after is None:
        return None
    return rules.anchor_after(activity.recurs_from, before, after, _zone(session, activity))


def _zone(session: Session, activity: Activity) -> ZoneInfo:
    return ZoneInfo(queries.timezones(session, [activity])[activity.id])
