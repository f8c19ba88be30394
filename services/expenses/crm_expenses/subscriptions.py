"""What this service hears, and what it does then."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from crm_chassis import org
from crm_contracts.envelope import Envelope

from . import followers
from .categories import consumers as categories
from .claims import consumers as claims
from .customers import consumers as customers
from .subjects import consumers as subjects
from .travel_plans import consumers as travel_plans

Handler = Callable[[Session, Envelope], None]


def _each(*handlers: Handler) -> Handler:
    """One handler that runs several, in order."""

    def handle(session: Session, envelope: Envelope) -> None:
        for handler in handlers:
            handler(session, envelope)

    return handle


_UNIT_CREATED = "crm.gateway.org-unit.created.v1"

HANDLERS: dict[str, Handler] = {
    **org.HANDLERS,
    _UNIT_CREATED: _each(org.HANDLERS[_UNIT_CREATED], categories.on_unit_created),
    "crm.gateway.user.handed-over.v1": followers.on_handed_over,
    **subjects.HANDLERS,
    **{
        f"crm.customer.customer.{fact}.v1": customers.on_customer
        for fact in ("created", "changed", "assigned", "pooled")
    },
    "crm.customer.customer.deleted.v1": customers.on_deleted,
    "crm.customer.customer.merged.v1": _each(customers.on_merged, followers.on_customer_merged),
    "crm.customer.customer.unmerged.v1": _each(customers.on_unmerged, followers.on_customer_unmerged),
    "crm.workflow.approval.decided.v1": _each(travel_plans.on_decided, claims.on_decided),
    "crm.workflow.approval.withdrawn.v1": _each(travel_plans.on_withdrawn, claims.on_withdrawn),
}

IGNORED = ("crm.gateway.user.signed-in.v1",)
"""Heard because of a wider pattern, and of no interest here."""
