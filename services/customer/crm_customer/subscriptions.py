"""Which function hears which event. A type with several meanings here is given to each in turn."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.service import Handler
from crm_contracts.envelope import Envelope

from .churn import consumers as churn
from .facts import consumers as facts
from .handover.consumers import on_handed_over
from .interactions.consumers import on_visit, on_visit_deleted
from .leads.consumers import on_converted
from .timeline import consumers as timeline


def _merged(*tables: Mapping[str, Handler]) -> dict[str, Handler]:
    """One table in which each type's handlers run one after the other, in one transaction."""
    found: dict[str, list[Handler]] = {}
    for table in tables:
        for event_type, handler in table.items():
            found.setdefault(event_type, []).append(handler)
    return {event_type: _in_turn(handlers) for event_type, handlers in found.items()}


def _in_turn(handlers: list[Handler]) -> Handler:
    def handle(session: Session, envelope: Envelope) -> None:
        for handler in handlers:
            handler(session, envelope)

    return handlers[0] if len(handlers) == 1 else handle


HANDLERS = _merged(
    org.HANDLERS,
    facts.HANDLERS,
    churn.HANDLERS,
    timeline.HANDLERS,
    {
        "crm.gateway.user.handed-over.v1": on_handed_over,
        "crm.sales.lead.converted.v1": on_converted,
        "crm.expenses.visit.recorded.v1": on_visit,
        "crm.expenses.visit.deleted.v1": on_visit_deleted,
    },
)
