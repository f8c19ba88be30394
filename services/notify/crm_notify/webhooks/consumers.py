"""Handing events on to the webhooks that want them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import inbox, org
from crm_contracts.envelope import Envelope

from . import actions, queries


def handle(session: Session, envelope: Envelope) -> None:
    """Queue the event for every webhook whose unit it happened in or below. Replays stay in the house."""
    if inbox.replaying():
        return
    tree = org.tree()
    unit_id = envelope.unitid or envelope.data.get("unit_id")
    units = tree.ancestors(UUID(str(unit_id))) if unit_id else []
    root = next((unit for unit in tree.parents if tree.is_root(unit)), None)
    actions.queue(session, queries.listeners(session, envelope.type, units, root), envelope)
