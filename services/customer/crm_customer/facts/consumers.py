"""Opportunities, receivables and requests, as they change in their services. Orders do more: see ``churn``."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope
from crm_contracts.events import REGISTRY

from ..customers.figures import keep_figures
from ..customers.models import Customer
from . import actions


def on_opportunity(session: Session, envelope: Envelope) -> None:
    """Keep the copy of an opportunity."""
    actions.copy_opportunity(session, envelope.data, envelope.aggregateversion)


def on_receivable(session: Session, envelope: Envelope) -> None:
    """Keep the copy of a receivable."""
    actions.copy_receivable(session, envelope.data, envelope.aggregateversion)


def on_request(session: Session, envelope: Envelope) -> None:
    """Keep the copy of a request; a new rating becomes the customer's satisfaction."""
    news = actions.copy_request(session, envelope.data, envelope.aggregateversion)
    rating = envelope.data.get("satisfaction")
    if news and rating and envelope.type == "crm.service-desk.request.rated.v1":
        keep_figures(session, Customer.id == UUID(envelope.data["customer_id"]), satisfaction=rating)


def types_of(service: str, subject: str) -> list[str]:
    """Every type of event about one kind of record that the registry knows."""
    return [kind.type for kind in REGISTRY.values() if (kind.service, kind.subject) == (service, subject)]


HANDLERS = {
    **dict.fromkeys(types_of("sales", "opportunity"), on_opportunity),
    **dict.fromkeys(types_of("sales", "receivable"), on_receivable),
    **dict.fromkeys(types_of("service-desk", "request"), on_request),
}
