"""What happens to churn cases: warned, reprieved, lost, recovered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from crm_chassis import clock, errors, ids, org
from crm_chassis.language import say, word

from ..customers.figures import keep_figures
from ..customers.models import Customer
from ..timeline.actions import note
from . import queries, rules
from .models import ChurnCase
from .rules import STATUSES


def warn_of_silent(session: Session, *, within: Sequence[UUID] | None, limit: int) -> list[ChurnCase]:
    """Open a case for each customer who fell silent, ``limit`` at most; answers the new cases, flushed.

    within: only in these units, None everywhere. Two scans at once wait for each other.
    """
    queries.wait_for_other_scan(session)
    found = queries.silent_customers(session, within=within, limit=limit)
    cases = [_case(row) for row in found]
    session.add_all(cases)
    session.flush()
    if cases:
        keep_figures(session, Customer.id.in_([case.customer_id for case in cases]), churn_risk="high")
    for case in cases:
        _note(session, case, "warned")
    return cases


def warn_again(session: Session, *, within: Sequence[UUID] | None, limit: int) -> list[ChurnCase]:
    """Turn cases whose reprieve is over back to warned; answers them, flushed."""
    cases = queries.reprieves_over(session, within=within, limit=limit)
    for case in cases:
        case.status, case.warned_at = "warned", clock.now()
        _note(session, case, "warned")
    session.flush()
    if cases:
        keep_figures(session, Customer.id.in_([case.customer_id for case in cases]), churn_risk="high")
    return cases


def reprieve(session: Session, case: ChurnCase, *, measures: str, until: date) -> None:
    """Wait until a day, with what is done meanwhile. Raises StateConflict, Invalid when the day is not ahead."""
    _require(case, "warned", "reprieved")
    if until <= org.today(case.unit_id):
        raise errors.field_error("/until", "past", say("Choose a day that lies ahead."))
    case.status, case.measures, case.reprieved_until = "reprieved", measures, until
    _settle(session, case, risk="medium")


def confirm_lost(session: Session, case: ChurnCase, *, reason: str) -> None:
    """Close the case: the customer is lost, and why. Raises StateConflict."""
    _require(case, "warned", "reprieved")
    case.status, case.lost_reason = "lost", reason
    _settle(session, case, risk="lost")


def recover(session: Session, case: ChurnCase, *, by_hand: bool) -> None:
    """Close the case: the customer is kept. Raises StateConflict.

    by_hand: people say so, without an order; then the rule's months count from today. A lost one may come back too.
    """
    _require(case, "warned", "reprieved", "lost")
    case.status, case.recovered_on = "recovered", org.today(case.unit_id) if by_hand else None
    _settle(session, case, risk="low")


def recover_by_order(session: Session, customer_id: UUID, ordered_on: date) -> ChurnCase | None:
    """Close the customer's latest case, open or lost, when an order ended its silence; answers the case it closed."""
    case = queries.latest_case(session, customer_id)
    if case is None or case.status == "recovered" or ordered_on <= case.last_order_on:
        return None
    if rules.is_overdue(ordered_on, today=org.today(case.unit_id), months=case.months):
        return None
    recover(session, case, by_hand=False)
    return case


def carry(session: Session, customer_id: UUID, *, unit_id: UUID, owner_id: UUID | None, name: str) -> ChurnCase | None:
    """Bring the customer's open case to its unit, owner and name; answers it when that changed something."""
    case = queries.open_case(session, customer_id)
    if case is None or (case.unit_id, case.owner_id, case.customer_name) == (unit_id, owner_id, name):
        return None
    case.unit_id, case.owner_id, case.customer_name = unit_id, owner_id, name
    return case


def _case(row: Row[Any]) -> ChurnCase:
    silence = rules.Silence(row.last_on, row.first_on, row.orders, row.months, row.contact_on, row.complaints)
    return ChurnCase(
        id=ids.uuid7(),
        unit_id=row.unit_id,
        owner_id=row.owner_id,
        customer_id=row.id,
        customer_name=row.name,
        status="warned",
        warned_at=clock.now(),
        reasons=rules.reasons(silence, today=row.today),
        months=row.months,
        last_order_on=row.last_on,
    )


def _require(case: ChurnCase, *states: str) -> None:
    if case.status not in states:
        raise errors.StateConflict(
            say(
                "This case is {status}; it would have to be one of: {states}.",
                status=word(STATUSES, case.status),
                states=[word(STATUSES, state) for state in states],
            )
        )


def _settle(session: Session, case: ChurnCase, *, risk: str) -> None:
    session.flush()
    keep_figures(session, Customer.id == case.customer_id, churn_risk=risk)
    _note(session, case, case.status)


def _note(session: Session, case: ChurnCase, fact: str) -> None:
    said = {"status": case.status, "reprieved_until": case.reprieved_until, "lost_reason": case.lost_reason}
    note(session, f"churn-case.{fact}", customer_id=case.customer_id, subject_id=case.id, values=said)
