"""The activities' collection and its verbs.

A new one is announced as ``activity.planned``, one that an edit gives to somebody else as ``activity.assigned``.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, errors
from crm_chassis.collection import Collection, Verb, writing
from crm_chassis.identity import current_principal
from crm_chassis.language import say
from crm_contracts.permissions import permission_label

from ..customers.queries import by_code, for_child
from ..interactions.collection import record
from . import actions, rules
from .models import Activity
from .schemas import ActivitySchema, CancelBody, CompleteBody


def complete(session: Session, activity_id: UUID, *, outcome: str, as_interaction: bool = False) -> Activity:
    """Mark an activity done, plan the next one when it recurs, and record it as an interaction when asked to.

    Raises NotFound, Forbidden, StateConflict when it is over or, as an interaction, has no customer.
    """
    activity: Activity = writing.get_for(session, activities, activity_id, "activity:update")
    following = actions.complete(session, activity, outcome=outcome)
    activities.announce(session, activity, "done")
    if following is not None:
        activities.announce(session, following, "planned")
    if as_interaction:
        _record(session, activity)
    return activity


def cancel(session: Session, activity_id: UUID, *, reason: str | None = None) -> Activity:
    """Cancel an activity and announce it. Raises NotFound, Forbidden, StateConflict."""
    activity: Activity = writing.get_for(session, activities, activity_id, "activity:update")
    actions.cancel(activity, reason=reason)
    activities.announce(session, activity, "cancelled")
    return activity


def _record(session: Session, activity: Activity) -> None:
    if activity.customer_id is None:
        raise errors.StateConflict(say("Only an activity with a customer can become an interaction."))
    principal = current_principal()
    if not principal.may("interaction:create"):
        raise errors.Forbidden(
            say(
                "Your roles do not include {permission}. Ask your administrator for it.",
                permission=permission_label("interaction:create"),
            )
        )
    said = {
        "kind": rules.INTERACTION_KINDS[activity.kind],
        "contact_id": activity.contact_id,
        "occurred_at": clock.now(),
        "subject": activity.subject,
        "summary": activity.outcome,
        "owner_id": principal.user_id,
    }
    record(session, for_child(session, activity.customer_id, "interaction:create"), said)


def _create(session: Session, values: dict[str, Any]) -> Activity:
    activity = actions.create(session, values)
    activities.announce(session, activity, "planned")
    return activity


def _change(session: Session, activity: Activity, values: dict[str, Any]) -> None:
    before = activity.assignee_id
    actions.change(session, activity, values)
    if activity.assignee_id != before:
        activities.announce(session, activity, "assigned", previous_assignee_id=before)


def _is_planned(activity: Activity) -> bool:
    return activity.status == "planned"


activities = Collection(
    "activities",
    Activity,
    ActivitySchema,
    ("日程", "Activities"),
    subject="activity",
    create=_create,
    update=_change,
    locked=actions.why_locked,
    late_files=True,
    verbs=[
        Verb("complete", "activity:update", when=_is_planned, body=CompleteBody, run=complete),
        Verb("cancel", "activity:update", when=_is_planned, body=CancelBody, run=cancel),
    ],
    lookups={"customer_id": by_code},
)
