"""What claims hear from other services."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from ..approvals import actions as approvals
from . import actions, queries, rules
from .collection import claims


def on_decided(session: Session, envelope: Envelope) -> None:
    """Approve, return or reject the claim that was asked about; answers to other rounds are ignored."""
    _settle_round(session, envelope, rules.DECISIONS[envelope.data["status"]])


def on_withdrawn(session: Session, envelope: Envelope) -> None:
    """Take the claim back when its approval was withdrawn at the approval's own page."""
    _settle_round(session, envelope, "withdraw")


def _settle_round(session: Session, envelope: Envelope, verb: str) -> None:
    answer = envelope.data
    if answer["subject_type"] != actions.SUBJECT:
        return
    claim = queries.lock(session, UUID(answer["subject_id"]))
    if claim is None or not approvals.awaits(claim, answer):
        return
    actions.decide(session, claim, verb, answer.get("comment"))
    claims.announce(session, claim, rules.FACTS[verb])
