"""What trips, claims and the copies of what they are about follow alike: handovers, and merges of customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from .claims import actions as claims
from .subjects import actions as subjects
from .travel_plans import actions as travel_plans

_FOLLOWERS = (travel_plans, claims, subjects)


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """Move what the person leaves unfinished."""
    from_user_id, to_user_id = UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"])
    for follower in _FOLLOWERS:
        follower.hand_over(session, from_user_id=from_user_id, to_user_id=to_user_id)


def on_customer_merged(session: Session, envelope: Envelope) -> None:
    """Follow a merge of customers."""
    customer_id, into_id = UUID(envelope.data["id"]), UUID(envelope.data["into_id"])
    for follower in _FOLLOWERS:
        follower.merge_customer(session, customer_id=customer_id, into_id=into_id)


def on_customer_unmerged(session: Session, envelope: Envelope) -> None:
    """Follow the undoing of a merge."""
    customer_id, into_id = UUID(envelope.data["id"]), UUID(envelope.data["into_id"])
    for follower in _FOLLOWERS:
        follower.unmerge_customer(session, customer_id=customer_id, into_id=into_id)
