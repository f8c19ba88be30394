"""What this service hears, and what it does then."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from crm_chassis import org
from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY
from crm_contracts.subscriptions import subscribers_of

from .approvals import consumers
from .people import consumers as people

Handler = Callable[[Session, Envelope], None]
_DEACTIVATED = "crm.gateway.user.deactivated.v1"


def _of_documents(fact: str, handler: Handler) -> dict[str, Handler]:
    """The handler of a fact about approvals, for every service that asks for them."""
    return {
        event_type: handler
        for event_type, known in REGISTRY.items()
        if (known.subject, known.fact) == ("approval", fact) and "workflow" in subscribers_of(event_type)
    }


def _on_deactivated(session: Session, envelope: Envelope) -> None:
    org.HANDLERS[_DEACTIVATED](session, envelope)
    consumers.on_deactivated(session, envelope)


HANDLERS: dict[str, Handler] = {
    **org.HANDLERS,
    _DEACTIVATED: _on_deactivated,
    "crm.gateway.user.handed-over.v1": consumers.on_handed_over,
    "crm.gateway.role.changed.v1": people.on_role_changed,
    **_of_documents("requested", consumers.on_requested),
    **_of_documents("cancelled", consumers.on_cancelled),
}

IGNORED = ("crm.gateway.user.signed-in.v1",)
"""Heard because of a wider pattern, and of no interest here."""
