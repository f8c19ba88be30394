"""What approvals hear from the services that ask, and from the company."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis.inbox import Parked
from crm_contracts.envelope import Envelope

from . import actions, queries
from .collection import announce_outcome, approvals
from .models import Approval


def on_requested(session: Session, envelope: Envelope) -> None:
    """Begin the approval a service asks for, once; it stands for the document's latest round only."""
    approval_id = UUID(envelope.data["id"])
    rounds = queries.of_subject(session, envelope.data["subject_type"], UUID(envelope.data["subject_id"]))
    if any(each.id == approval_id or each.round == envelope.data["round"] for each in rounds):
        return
    for earlier in rounds:
        if earlier.round < envelope.data["round"] and earlier.status == "running":
            _withdraw(session, earlier)
    approval, asked = actions.open_round(session, approval_id, envelope.data)
    session.flush()
    if any(each.round > approval.round for each in rounds) and approval.status == "running":
        _withdraw(session, approval)
    else:
        announce_outcome(session, approval, approval.version, asked)


def on_cancelled(session: Session, envelope: Envelope) -> None:
    """Call the approval off. One that was not asked for yet waits for its request, to end it at once."""
    approval = queries.lock(session, UUID(envelope.data["id"]))
    if approval is None:
        raise Parked(needs_version=1)
    if approval.status == "running":
        _withdraw(session, approval)


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """Ask the receiver wherever the person was asked."""
    _replace(session, UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"]))


def on_deactivated(session: Session, envelope: Envelope) -> None:
    """Ask somebody else wherever a person who left is still asked."""
    _replace(session, UUID(envelope.data["id"]), None)


def _replace(session: Session, user_id: UUID, to_user_id: UUID | None) -> None:
    for approval in queries.running_with(session, user_id):
        version = approval.version
        asked = actions.replace(session, approval, user_id=user_id, to_user_id=to_user_id)
        announce_outcome(session, approval, version, asked)


def _withdraw(session: Session, approval: Approval) -> None:
    actions.withdraw(approval)
    approvals.announce(session, approval, "withdrawn")
