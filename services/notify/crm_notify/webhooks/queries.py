"""Looking up webhooks and their calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crm_chassis import errors
from crm_chassis.language import say

from .models import Call, Webhook

PAGE = 50


_LISTENING = select(Webhook).where(Webhook.active, Webhook.unit_id.in_(bindparam("units", expanding=True)))


def listening(session: Session, units: Iterable[UUID]) -> Sequence[Webhook]:
    """The active webhooks of some units."""
    return session.scalars(_LISTENING, {"units": sorted(units)}).all()


def calls_page(
    session: Session, webhook_id: UUID, *, status: str | None, before: int | None, limit: int
) -> Sequence[Call]:
    """The calls of a webhook, the latest first, one more than ``limit`` when there are more."""
    statement = select(Call).where(Call.webhook_id == webhook_id)
    if status:
        statement = statement.where(Call.status == status)
    if before is not None:
        statement = statement.where(Call.position < before)
    return session.scalars(statement.order_by(Call.position.desc()).limit(limit + 1)).all()


def call(session: Session, webhook_id: UUID, call_id: UUID) -> Call:
    """One call of a webhook, locked. Raises NotFound."""
    found = session.scalar(select(Call).where(Call.id == call_id, Call.webhook_id == webhook_id).with_for_update())
    if found is None:
        raise errors.NotFound(say("This webhook has no such delivery."))
    return found


def pending(session: Session, webhook_id: UUID, limit: int) -> Sequence[Call]:
    """The calls that are next in a webhook's order."""
    waiting = select(Call).where(Call.webhook_id == webhook_id, Call.status == "pending")
    return session.scalars(waiting.order_by(Call.position).limit(limit)).all()
