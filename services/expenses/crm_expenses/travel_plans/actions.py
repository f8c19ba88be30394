"""What is done to trips and their days."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, literal, select, update
from sqlalchemy.orm import Session

from crm_chassis import clock, numbering, org
from crm_chassis.collection.declaration import company_code
from crm_chassis.collection.writing import assign
from crm_chassis.errors import FieldError, Invalid, StateConflict, entry, field_error
from crm_chassis.identity import current_principal
from crm_chassis.language import say, word

from ..approvals import actions as approvals
from ..customers import actions as merges
from ..customers import queries as customers
from ..people import queries as people
from . import rules
from .models import DayRecord, TravelPlan

SUBJECT = "travel_plan"
_CHECKED = ("unit_id", "starts_on", "ends_on", "traveller_id", "destination_region_code", "customer_ids")


def create(session: Session, values: dict[str, Any]) -> TravelPlan:
    """Draft a trip, for the caller unless another traveller is named. Raises Invalid."""
    values["traveller_id"] = values.get("traveller_id") or current_principal().user_id
    values.setdefault("currency", _currency(session, values["unit_id"]))
    plan = TravelPlan(**values)
    _check(session, plan, None)
    plan.number = f"TP-{numbering.code(company_code(plan.unit_id), SUBJECT)}"
    session.add(plan)
    return plan


def change(session: Session, plan: TravelPlan, values: dict[str, Any]) -> None:
    """Edit a draft. A traveller and customers that were there already are not asked about again. Raises Invalid."""
    if "traveller_id" in values:
        values["traveller_id"] = values["traveller_id"] or current_principal().user_id
    wanted = TravelPlan(**{name: getattr(plan, name) for name in _CHECKED} | values)
    _check(session, wanted, plan)
    assign(plan, values)


def move(session: Session, plan: TravelPlan, verb: str) -> None:
    """Carry out a verb on a locked trip. Raises StateConflict unless the table of moves has it."""
    _enter(plan, verb)
    if verb == "submit":
        _ask(session, plan)
    elif verb == "withdraw":
        approvals.cancel(session, plan, subject_type=SUBJECT)


def decide(plan: TravelPlan, verb: str, comment: str | None) -> None:
    """Write workflow's answer into the trip."""
    plan.decision_comment = comment
    _enter(plan, verb)


def _enter(plan: TravelPlan, verb: str) -> None:
    status = rules.next_status(plan.status, verb)
    if status is None:
        raise StateConflict(
            say(
                "A trip that is {status} does not take “{verb}”.",
                status=word(rules.STATUSES, plan.status),
                verb=rules.VERBS[verb],
            )
        )
    plan.status = status


def record_day(session: Session, plan: TravelPlan, values: dict[str, Any]) -> DayRecord:
    """Record a day of a locked trip. Raises StateConflict unless it is under way, Invalid."""
    refuse_unless_under_way(plan)
    record = DayRecord(**values, travel_plan_id=plan.id, unit_id=plan.unit_id, owner_id=plan.traveller_id)
    check_day(session, plan, record)
    session.add(record)
    session.flush()
    return record


def refuse_unless_under_way(plan: TravelPlan) -> None:
    """Raises StateConflict when the trip's days cannot be recorded or changed now."""
    if plan.status not in rules.UNDER_WAY:
        raise StateConflict(
            say(
                "Days are recorded from the approval to the settlement; this trip is {status}.",
                status=word(rules.STATUSES, plan.status),
            )
        )


def check_day(session: Session, plan: TravelPlan, record: DayRecord, *, known_customer: UUID | None = None) -> None:
    """Hold a day against its trip. Raises Invalid when it lies outside or names a customer unknown to the caller.

    known_customer: whom it was a visit to before; the visit is in that customer's file and stays there.
    """
    if not rules.is_on_trip(record.on, plan.starts_on, plan.ends_on):
        raise field_error("/on", "outside_trip", say("Choose a day of the trip, a week before or after at most."))
    customer_id = record.customer_id
    if known_customer is not None and customer_id != known_customer:
        kept = say("This visit is in its customer's file; delete the day and record it again.")
        raise field_error("/customer_id", "fixed", kept)
    if known_customer is None and customer_id is not None and not customers.visible(session, [customer_id]):
        raise field_error("/customer_id", "unknown", say("Choose a customer that you may see."))


def hand_over(session: Session, *, from_user_id: UUID, to_user_id: UUID) -> None:
    """Let another person follow up the trips somebody leaves unfinished.

    The traveller stays who travelled; drafts and returned trips stay with their owner, who alone knows the plan.
    """
    session.execute(
        update(TravelPlan)
        .where(TravelPlan.owner_id == from_user_id, TravelPlan.status.in_(rules.UNFINISHED))
        .values(owner_id=to_user_id, **_bumped(TravelPlan))
    )


def merge_customer(session: Session, *, customer_id: UUID, into_id: UUID) -> None:
    """Let every trip and day that names a merged customer name the one it was merged into."""
    days = update(DayRecord).where(DayRecord.customer_id == customer_id)
    moved = session.scalars(days.values(customer_id=into_id, **_bumped(DayRecord)).returning(DayRecord.id)).all()
    merges.remember_repointed(session, customer_id, "day", moved)
    names = TravelPlan.customer_ids
    both = names.contains([customer_id, into_id])
    for joined, condition, ids in (
        (True, both, func.array_remove(names, customer_id)),
        (False, names.contains([customer_id]), func.array_replace(names, customer_id, into_id)),
    ):
        plans = update(TravelPlan).where(condition).values(customer_ids=ids, **_bumped(TravelPlan))
        changed = session.scalars(plans.returning(TravelPlan.id)).all()
        merges.remember_repointed(session, customer_id, "trip", changed, joined=joined)


def unmerge_customer(session: Session, *, customer_id: UUID, into_id: UUID) -> None:
    """Give back exactly the trips and days that a merge took, unless they name somebody else by now."""
    days = merges.recall_repointed(session, customer_id, "day")
    session.execute(
        update(DayRecord)
        .where(DayRecord.id.in_(days), DayRecord.customer_id == into_id)
        .values(customer_id=customer_id, **_bumped(DayRecord))
    )
    trips = merges.recall_repointed(session, customer_id, "trip")
    names = TravelPlan.customer_ids
    for wanted, ids in (
        (True, func.array_append(names, customer_id)),
        (False, func.array_replace(names, into_id, customer_id)),
    ):
        chosen = [trip for trip, joined in trips.items() if joined is wanted]
        back = update(TravelPlan).where(TravelPlan.id.in_(chosen), literal(into_id) == any_(names))
        session.execute(back.values(customer_ids=ids, **_bumped(TravelPlan)))


def _bumped(model: type[TravelPlan] | type[DayRecord]) -> dict[str, Any]:
    return {"version": model.version + 1, "updated_at": clock.now()}


def _ask(session: Session, plan: TravelPlan) -> None:
    fields = {
        "amount": plan.estimate or 0,
        "currency": plan.currency,
        "days": (plan.ends_on - plan.starts_on).days + 1,
        "destination_region_code": plan.destination_region_code,
        "customers": len(plan.customer_ids),
    }
    approvals.request(
        session,
        plan,
        subject_type=SUBJECT,
        title=f"{plan.number} {plan.subject}",
        requester_id=plan.traveller_id,
        fields=fields,
    )


def _currency(session: Session, unit_id: UUID) -> str:
    return session.scalar(select(org.OrgUnit.currency).where(org.OrgUnit.id == unit_id)) or "CNY"


def _check(session: Session, wanted: TravelPlan, known: TravelPlan | None) -> None:
    problems = [
        *_dates(wanted),
        *_traveller(session, wanted, known),
        *_region(wanted),
        *_customers(session, wanted, known),
    ]
    if problems:
        raise Invalid(problems[0]["message"], errors=problems)


def _dates(plan: TravelPlan) -> list[FieldError]:
    if plan.ends_on >= plan.starts_on:
        return []
    return [entry("/ends_on", "before_start", say("A trip ends on the day it starts or later."))]


def _traveller(session: Session, wanted: TravelPlan, known: TravelPlan | None) -> list[FieldError]:
    user = org.users(session, [wanted.traveller_id]).get(wanted.traveller_id)
    known_id = known.traveller_id if known else None
    if people.may_be_for(user, wanted.unit_id, "travel_plan:create", known_id=known_id):
        return []
    message = say("Choose an active user of this company, or of a unit that your roles reach, as the traveller.")
    return [entry("/traveller_id", "unknown", message)]


def _region(plan: TravelPlan) -> list[FieldError]:
    if plan.destination_region_code is None or rules.is_region_code(plan.destination_region_code):
        return []
    return [entry("/destination_region_code", "invalid", say("Write the six digits of a region's code."))]


def _customers(session: Session, wanted: TravelPlan, known: TravelPlan | None) -> list[FieldError]:
    named = set(wanted.customer_ids or ()) - set(known.customer_ids if known else ())
    unknown = named - customers.visible(session, named)
    return [
        entry(f"/customer_ids/{position}", "unknown", say("Choose a customer that you may see."))
        for position, customer_id in enumerate(wanted.customer_ids or ())
        if customer_id in unknown
    ]
