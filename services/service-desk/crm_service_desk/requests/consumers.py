"""What requests follow of the users' life."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from . import actions


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """Give a leaving user's unfinished requests to the successor."""
    actions.hand_over(session, from_user_id=UUID(envelope.data["id"]), to_user_id=UUID(envelope.data["to_user_id"]))


HANDLERS = {"crm.gateway.user.handed-over.v1": on_handed_over}
