"""Handing events on to the webhooks that want them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import inbox, org
from crm_contracts.envelope import Envelope

from . import actions, queries, rules


def handle(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Queue events for every webhook whose unit they happened in or below. Replays stay in the house."""
    if inbox.replaying():
        return
    reached = [(envelope, _units(envelope)) for envelope in envelopes]
    listening = queries.listening(session, {unit for _, units in reached for unit in units})
    actions.queue(
        session,
        [
            (webhook, envelope)
            for envelope, units in reached
            for webhook in listening
            if webhook.unit_id in units and rules.wants(webhook.events, envelope.type)
        ],
    )


def _units(envelope: Envelope) -> list[UUID]:
    """Where an event happened and the units above; one that belongs to no unit is for the root's webhooks only."""
    tree = org.tree()
    unit_id = envelope.unitid or envelope.data.get("unit_id")
    return tree.ancestors(UUID(str(unit_id))) if unit_id else [unit for unit in tree.parents if tree.is_root(unit)][:1]
