"""What trips hear from other services."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from ..approvals import actions as approvals
from . import actions, queries, rules
from .collection import travel_plans


def on_decided(session: Session, envelope: Envelope) -> None:
    """Approve, return or reject the trip that was asked about; answers to other rounds are ignored."""
    _settle_round(session, envelope, rules.DECISIONS[envelope.data["status"]])


def on_withdrawn(session: Session, envelope: Envelope) -> None:
    """Take the trip back when its approval was withdrawn at the approval's own page."""
    _settle_round(session, envelope, "withdraw")


def _settle_round(session: Session, envelope: Envelope, verb: str) -> None:
    answer = envelope.data
    if answer["subject_type"] != actions.SUBJECT:
        return
    plan = queries.lock(session, UUID(answer["subject_id"]))
    if plan is None or not approvals.awaits(plan, answer):
        return
    actions.decide(plan, verb, answer.get("comment"))
    travel_plans.announce(session, plan, rules.FACTS[verb])
