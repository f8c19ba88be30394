"""When a user hands over, every open record of theirs changes hands in one statement per table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, func, update
from sqlalchemy.orm import Session

from crm_contracts.envelope import Envelope

from ..customers import consumers as customers
from ..opportunities.models import Opportunity
from ..tables import Base, Worked


def on_handed_over(session: Session, envelope: Envelope) -> None:
    """Move customers, open leads, opportunities, orders and receivables, and the seats in opportunity teams."""
    customers.on_handed_over(session, envelope)
    leaver, successor = UUID(envelope.data["id"]), UUID(envelope.data["to_user_id"])
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Worked):
            _move(session, mapper.class_, leaver, successor)
    session.execute(
        update(Opportunity)
        .where(Opportunity.team_ids.contains([leaver]), Opportunity.status.in_(Opportunity.__open__))
        .values(team_ids=_seat(leaver, successor), version=Opportunity.version + 1)
        .execution_options(synchronize_session=False)
    )


def _move(session: Session, model: Any, leaver: UUID, successor: UUID) -> None:
    session.execute(
        update(model)
        .where(model.owner_id == leaver, model.status.in_(model.__open__))
        .values(owner_id=successor, version=model.version + 1)
        .execution_options(synchronize_session=False)
    )


def _seat(leaver: UUID, successor: UUID) -> Any:
    """The team with the successor in the leaver's seat, once."""
    without = func.array_remove(func.array_remove(Opportunity.team_ids, cast(leaver, Uuid)), cast(successor, Uuid))
    return func.array_append(without, cast(successor, Uuid))


HANDLERS = {"crm.gateway.user.handed-over.v1": on_handed_over}
