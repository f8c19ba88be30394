"""Trips as a collection, and the verbs that change their status."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import fields
from crm_chassis.collection import Collection, RecordSchema, Verb
from crm_chassis.collection.writing import get_for

from . import actions, rules
from .models import TravelPlan

UPDATE = "travel_plan:update"


class TravelPlanSchema(RecordSchema):
    """What the API shows and takes of a trip."""

    number = fields.text(("编号", "Number"), dump_only=True)
    traveller_id = fields.ref(("出差人", "Traveller"), "user")
    destination_region_code = fields.text(("目的地", "Destination"), longest=6, crm={"resource": "region"})
    subject = fields.text(("事由", "Subject"), required=True)
    plan = fields.long_text(("计划", "Plan"))
    starts_on = fields.date(("开始日期", "Starts on"), required=True)
    ends_on = fields.date(("结束日期", "Ends on"), required=True)
    customer_ids = fields.refs(("拜访客户", "Customers to visit"), "customer")
    estimate = fields.money(("预计费用", "Estimate"))
    status = fields.choice(("状态", "Status"), rules.STATUSES, dump_only=True)
    approval_id = fields.ref(("审批", "Approval"), "approval", dump_only=True)
    approval_round = fields.integer(("审批轮次", "Approval round"), dump_only=True)
    decision_comment = fields.long_text(("审批意见", "Decision comment"), dump_only=True)


def carry_out(session: Session, plan_id: UUID, verb: str) -> TravelPlan:
    """Do a verb to a trip the caller may change, and announce it. Raises NotFound, Forbidden, StateConflict."""
    plan: TravelPlan = get_for(session, travel_plans, plan_id, UPDATE)
    actions.move(session, plan, verb)
    travel_plans.announce(session, plan, rules.FACTS[verb])
    return plan


def submit(session: Session, plan_id: UUID) -> TravelPlan:
    """Ask for the approval of a trip."""
    return carry_out(session, plan_id, "submit")


def withdraw(session: Session, plan_id: UUID) -> TravelPlan:
    """Take a submitted trip back."""
    return carry_out(session, plan_id, "withdraw")


def start(session: Session, plan_id: UUID) -> TravelPlan:
    """Begin an approved trip."""
    return carry_out(session, plan_id, "start")


def finish(session: Session, plan_id: UUID) -> TravelPlan:
    """End an active trip; its expenses can be claimed."""
    return carry_out(session, plan_id, "finish")


def settle(session: Session, plan_id: UUID) -> TravelPlan:
    """Close a finished trip: no further claims."""
    return carry_out(session, plan_id, "settle")


def cancel(session: Session, plan_id: UUID) -> TravelPlan:
    """Give up a trip that has not begun."""
    return carry_out(session, plan_id, "cancel")


_RUN = {"submit": submit, "withdraw": withdraw, "start": start, "finish": finish, "settle": settle, "cancel": cancel}


def _verb(name: str) -> Verb:
    return Verb(name, UPDATE, when=lambda plan: rules.allows(plan.status, name), run=_RUN[name])


travel_plans = Collection(
    "travel-plans",
    TravelPlan,
    TravelPlanSchema,
    ("出差计划", "Travel plans"),
    subject="travel-plan",
    create=actions.create,
    update=actions.change,
    locked=lambda plan: rules.why_locked(plan.status),
    late_files=True,
    verbs=[_verb(name) for name in _RUN],
)
