"""Who hears of which event: the table that turns facts into notices. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OWNER, ASSIGNEE, ASSIGNEES, REQUESTER = "owner_id", "assignee_id", "assignee_ids", "requester_id"
CLAIMANT, TRAVELLER, SUCCESSOR = "claimant_id", "traveller_id", "to_user_id"
ESCALATED = "escalated_to_ids"
LISTS = (ASSIGNEES, ESCALATED)
"""The fields that name several people."""
SUPERIOR = "superior"
"""Instead of a field: whoever stands above the record's first person."""

UNSATISFIED = 3
"""Ratings below this are low (product page: below 3 goes back to assigned)."""

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of notice that an event causes.

    to: the fields that name the recipients, or SUPERIOR. first: only the first of them that names somebody. own_act:
    whether it is told even to whoever did it; what nobody did (a time-out) is told to everybody. gathered: what a
    background job makes, such as an import, is told together.
    """

    kind: str
    to: tuple[str, ...]
    first: bool = False
    own_act: bool = False
    gathered: bool = False
    when: Callable[[Payload], bool] = lambda _payload: True


def _rated_low(request: Payload) -> bool:
    return isinstance(request.get("satisfaction"), int) and request["satisfaction"] < UNSATISFIED


def _given_away(activity: Payload) -> bool:
    return bool(activity.get("assignee_id")) and activity.get("status") == "planned"


def _is_whole(order: Payload) -> bool:
    return order.get("status") == "delivered"


def _is_part(order: Payload) -> bool:
    """A delivery after which something is still to come leaves the order as it was."""
    return not _is_whole(order)


TOLD: dict[str, tuple[Rule, ...]] = {
    "crm.customer.customer.created.v1": (Rule("customer.assigned", (OWNER,), gathered=True),),
    "crm.customer.customer.assigned.v1": (Rule("customer.assigned", (OWNER,)),),
    "crm.customer.activity.planned.v1": (Rule("activity.assigned", (ASSIGNEE,), gathered=True, when=_given_away),),
    "crm.customer.activity.assigned.v1": (Rule("activity.assigned", (ASSIGNEE,), when=_given_away),),
    "crm.customer.activity.overdue.v1": (Rule("activity.overdue", (ASSIGNEE, OWNER), first=True, own_act=True),),
    "crm.customer.churn-case.warned.v1": (Rule("churn-case.warned", (OWNER, SUPERIOR), first=True, own_act=True),),
    "crm.sales.lead.captured.v1": (Rule("lead.assigned", (OWNER,), gathered=True),),
    "crm.sales.lead.assigned.v1": (Rule("lead.assigned", (OWNER,)),),
    "crm.sales.opportunity.created.v1": (Rule("opportunity.assigned", (OWNER,), gathered=True),),
    "crm.sales.opportunity.assigned.v1": (Rule("opportunity.assigned", (OWNER,)),),
    "crm.sales.opportunity.won.v1": (Rule("opportunity.won", (OWNER, SUPERIOR)),),
    "crm.sales.opportunity.lost.v1": (Rule("opportunity.lost", (OWNER, SUPERIOR)),),
    "crm.sales.opportunity.stalled.v1": (Rule("opportunity.stalled", (OWNER, SUPERIOR), first=True, own_act=True),),
    "crm.sales.order.confirmed.v1": (Rule("order.confirmed", (OWNER,), own_act=True),),
    "crm.sales.order.delivered.v1": (
        Rule("order.delivered", (OWNER,), when=_is_whole),
        Rule("order.part-delivered", (OWNER,), when=_is_part),
    ),
    "crm.sales.order.cancelled.v1": (Rule("order.cancelled", (OWNER,)),),
    "crm.sales.receivable.overdue.v1": (Rule("receivable.overdue", (OWNER, SUPERIOR), first=True, own_act=True),),
    "crm.service-desk.request.assigned.v1": (Rule("request.assigned", (ASSIGNEE,)),),
    "crm.service-desk.request.escalated.v1": (Rule("request.escalated", (ASSIGNEE,)),),
    "crm.service-desk.request.answered.v1": (Rule("request.answered", (OWNER,)),),
    "crm.service-desk.request.rated.v1": (
        Rule("request.rated-low", (ASSIGNEE, SUPERIOR), own_act=True, when=_rated_low),
    ),
    "crm.service-desk.sla.warned.v1": (Rule("sla.warned", (ASSIGNEE, SUPERIOR), first=True, own_act=True),),
    "crm.service-desk.sla.breached.v1": (Rule("sla.breached", (ASSIGNEE, SUPERIOR), own_act=True),),
    "crm.expenses.travel-plan.approved.v1": (Rule("travel-plan.approved", (TRAVELLER,)),),
    "crm.expenses.claim.paid.v1": (Rule("claim.paid", (CLAIMANT,)),),
    "crm.workflow.approval.assigned.v1": (Rule("approval.assigned", (ASSIGNEES,), own_act=True),),
    "crm.workflow.approval.decided.v1": (Rule("approval.decided", (REQUESTER,)),),
    "crm.workflow.approval.timed-out.v1": (
        Rule("approval.timed-out", (REQUESTER,), own_act=True),
        Rule("approval.late", (ASSIGNEES,), own_act=True),
        Rule("approval.escalated", (ESCALATED,), own_act=True),
    ),
    "crm.gateway.user.handed-over.v1": (Rule("user.handed-over", (SUCCESSOR,)),),
    "crm.notify.webhook.disabled.v1": (Rule("webhook.disabled", (OWNER,), own_act=True),),
}
"""Event type -> its rules. What is not here causes no notice."""


def is_by_job(correlation_id: str | None) -> bool:
    """Whether a background job made it, or something that followed from what one did."""
    return (correlation_id or "").startswith("job-")


def actor_of(payload: Payload, actor_id: str | None) -> str | None:
    """Who did it: as the envelope says, else as the record does."""
    return actor_id or payload.get("decided_by") or payload.get("updated_by") or payload.get("created_by")
