"""Every event of the system: what it teaches, and which ones are left aside on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import inbox
from crm_chassis.service import Handler
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY

from ..records import rules
from . import actions

IGNORED = frozenset(
    {
        "crm.gateway.user.signed-in.v1",
        "crm.gateway.role.changed.v1",
        *(name for name, event in REGISTRY.items() if event.subject == "export"),
        "crm.customer.interaction.recorded.v1",
        "crm.customer.lead-conversion.settled.v1",
        "crm.customer.lead-conversion.refused.v1",
        "crm.sales.approval.requested.v1",
        "crm.sales.approval.cancelled.v1",
        "crm.expenses.approval.requested.v1",
        "crm.expenses.approval.cancelled.v1",
        "crm.expenses.visit.recorded.v1",
        "crm.expenses.visit.deleted.v1",
        "crm.notify.delivery.failed.v1",
        "crm.notify.webhook.disabled.v1",
    }
)
"""Events that add nothing to search, figures or the desktop: what matters of them comes with the records' own events."""


def on_records(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Learn the newest states of records."""
    actions.learn(session, [_told(envelope) for envelope in envelopes])


def _told(envelope: Envelope) -> actions.Told:
    resource = rules.RESOURCES[rules.subject_of(envelope.type)]
    state = rules.state_of(envelope.type, envelope.data, envelope.time)
    return actions.Told(resource, state, envelope.aggregateversion)


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """Follow a handover."""
    actions.hand_over(session, from_user_id=UUID(envelope.data["id"]), to_user_id=UUID(envelope.data["to_user_id"]))


_LEARN = inbox.Together(on_records)

HANDLERS: dict[str, Handler] = {
    **{name: _LEARN for name in REGISTRY if rules.subject_of(name) in rules.RESOURCES},
    "crm.gateway.user.handed-over.v1": on_handed_over,
}
