"""The collection of opportunities and its verbs: each loads the record for the caller, acts and announces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.collection import Collection, Verb, writing
from crm_chassis.language import Sentence, say, word

from ..customers.queries import ids_by_code
from . import actions, queries
from .models import Opportunity
from .schemas import (
    AdvanceOpportunityBody,
    AssignOpportunityBody,
    LoseOpportunityBody,
    OpportunitySchema,
    ReopenOpportunityBody,
    WinOpportunityBody,
)
from .stages import STATUS


def _is_open(opportunity: Any) -> bool:
    return bool(opportunity.status == "open")


def _locked(opportunity: Any) -> Sentence | None:
    return (
        None
        if _is_open(opportunity)
        else say("This opportunity is {status}; reopen it first.", status=word(STATUS, opportunity.status))
    )


def assign(session: Session, opportunity_id: UUID, *, owner_id: UUID, reason: str | None = None) -> Opportunity:
    """Give an opportunity to somebody else. Raises NotFound, Forbidden, StateConflict, Invalid."""
    opportunity = _get(session, opportunity_id, "opportunity:assign")
    before = opportunity.owner_id
    actions.assign(session, opportunity, owner_id=owner_id)
    opportunities.announce(session, opportunity, "assigned", previous_owner_id=before, reason=reason)
    return opportunity


def advance(
    session: Session, opportunity_id: UUID, *, stage: str, board_position: Decimal | None = None
) -> Opportunity:
    """Move an opportunity to another stage. Raises NotFound, Forbidden, StateConflict, Invalid."""
    opportunity = _get(session, opportunity_id, "opportunity:update")
    before = opportunity.stage
    actions.advance(session, opportunity, stage=stage, board_position=board_position)
    opportunities.announce(session, opportunity, "advanced", previous_stage=before)
    return opportunity


def win(session: Session, opportunity_id: UUID, *, won_at: datetime | None = None) -> Opportunity:
    """Close an opportunity as won. Raises NotFound, Forbidden, StateConflict."""
    opportunity = _get(session, opportunity_id, "opportunity:update")
    actions.win(session, opportunity, won_at=won_at)
    opportunities.announce(session, opportunity, "won")
    return opportunity


def lose(session: Session, opportunity_id: UUID, *, reason: str, competitor_id: UUID | None = None) -> Opportunity:
    """Close an opportunity as lost. Raises NotFound, Forbidden, StateConflict, Invalid."""
    opportunity = _get(session, opportunity_id, "opportunity:update")
    actions.lose(session, opportunity, reason=reason, competitor_id=competitor_id)
    opportunities.announce(session, opportunity, "lost")
    return opportunity


def reopen(session: Session, opportunity_id: UUID) -> Opportunity:
    """Open a closed opportunity again. Raises NotFound, Forbidden, StateConflict."""
    opportunity = _get(session, opportunity_id, "opportunity:update")
    actions.reopen(session, opportunity)
    opportunities.announce(session, opportunity, "reopened")
    return opportunity


def begin(session: Session, values: dict[str, Any]) -> Opportunity:
    """The opportunity of a lead that is being converted, whose customer is not there yet. Raises Invalid."""
    opportunity = actions.begin(session, values)
    opportunities.announce(session, opportunity, "created")
    return opportunity


def settle_customer(session: Session, opportunity_id: UUID, *, customer_id: UUID, contact_id: UUID | None) -> None:
    """The conversion that made the opportunity is settled: this is its customer. A deleted one stays as it is."""
    opportunity = queries.locked(session, opportunity_id)
    if opportunity is not None:
        version = opportunity.version
        opportunity.customer_id = customer_id
        opportunity.contact_id = opportunity.contact_id or contact_id
        opportunities.announce_since(session, opportunity, version, "changed")


def take_back(session: Session, opportunity_id: UUID) -> None:
    """The conversion that made the opportunity was refused: it goes."""
    opportunity = queries.locked(session, opportunity_id)
    if opportunity is not None:
        opportunity.deleted_at = clock.now()
        opportunities.announce(session, opportunity, "deleted")


def _get(session: Session, opportunity_id: UUID, permission: str) -> Opportunity:
    found: Opportunity = writing.get_for(session, opportunities, opportunity_id, permission)
    return found


def _verb(name: str, body: Any, run: Callable[..., Any], permission: str = "opportunity:update") -> Verb:
    return Verb(name, permission, when=_is_open, body=body, run=run)


opportunities = Collection(
    "opportunities",
    Opportunity,
    OpportunitySchema,
    ("销售机会", "Opportunities"),
    subject="opportunity",
    create=actions.create,
    update=actions.change,
    locked=_locked,
    late_files=True,
    verbs=(
        _verb("assign", AssignOpportunityBody, assign, "opportunity:assign"),
        _verb("advance", AdvanceOpportunityBody, advance),
        _verb("win", WinOpportunityBody, win),
        _verb("lose", LoseOpportunityBody, lose),
        Verb("reopen", "opportunity:update", when=lambda o: o.status != "open", body=ReopenOpportunityBody, run=reopen),
    ),
    lookups={"customer_id": ids_by_code},
)
