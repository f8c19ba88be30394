"""Reading opportunities, their plans and their competitors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm_chassis import errors, org
from crm_chassis.database import everything
from crm_chassis.language import say

from ..competitors.collection import Competitor
from .models import Opportunity, Pipeline, PlanItem


def stages_in_use(session: Session, pipeline_id: UUID) -> set[str]:
    """The stages of a pipeline in which open opportunities stand."""
    statement = select(Opportunity.stage).where(Opportunity.pipeline_id == pipeline_id, Opportunity.status == "open")
    return set(session.scalars(statement.distinct()))


def pipeline(session: Session, pipeline_id: UUID) -> Pipeline:
    """The pipeline an opportunity goes through, which may lie in a unit above what the caller sees."""
    with everything(session):
        statement = select(Pipeline).where(Pipeline.id == pipeline_id).execution_options(with_deleted=True)
        return session.scalars(statement).one()


def pipelines_above(session: Session, unit_id: UUID) -> list[Pipeline]:
    """The pipelines of the unit and of the units above it, the nearest unit's first and the older before the newer."""
    path = org.tree().ancestors(unit_id)
    with everything(session):
        statement = select(Pipeline).where(Pipeline.unit_id.in_(path)).order_by(Pipeline.created_at, Pipeline.id)
        return sorted(session.scalars(statement), key=lambda pipeline: path.index(pipeline.unit_id))


def visible_pipeline(session: Session, pipeline_id: UUID, unit_id: UUID) -> Pipeline:
    """A pipeline the caller chooses: one they see, or one of the units above. Raises Invalid at /pipeline_id."""
    found = session.scalar(select(Pipeline).where(Pipeline.id == pipeline_id))
    if found is None:
        with everything(session):
            above = org.tree().ancestors(unit_id)
            found = session.scalar(select(Pipeline).where(Pipeline.id == pipeline_id, Pipeline.unit_id.in_(above)))
    if found is None:
        raise errors.field_error("/pipeline_id", "unknown", say("Choose a pipeline of your unit or of one above it."))
    return found


def require_competitors(session: Session, ids: Sequence[UUID], pointer: str) -> None:
    """Raises Invalid at the pointer when the caller does not see one of the competitors."""
    known = set(session.scalars(select(Competitor.id).where(Competitor.id.in_(ids)))) if ids else set()
    if set(ids) - known:
        raise errors.field_error(pointer, "unknown", say("Choose competitors that you can see."))


def plan(session: Session, opportunity_id: UUID, limit: int) -> list[PlanItem]:
    """The plan items of an opportunity by due date, ``limit`` at most."""
    statement = select(PlanItem).where(PlanItem.opportunity_id == opportunity_id)
    return list(session.scalars(statement.order_by(PlanItem.due_on, PlanItem.id).limit(limit)))


def stalled(session: Session, *, idle_since: datetime, limit: int) -> list[Opportunity]:
    """Open opportunities nobody did anything about since then, without a plan item still to come there; locked."""
    to_come = select(PlanItem.id).where(
        PlanItem.opportunity_id == Opportunity.id,
        PlanItem.due_on >= org.today_there(Opportunity.unit_id),
        PlanItem.result.is_(None),
    )
    statement = (
        select(Opportunity)
        .where(Opportunity.status == "open", Opportunity.stalled_at.is_(None), Opportunity.active_at < idle_since)
        .where(~to_come.exists())
        .order_by(Opportunity.active_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(statement))


def funnel(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Sequence[Any]:
    """Open opportunities in the caller's scope by pipeline, stage and currency: count, sum, weighted sum."""
    amount = func.coalesce(Opportunity.amount, 0)
    return session.execute(
        select(
            Opportunity.pipeline_id,
            Opportunity.stage,
            Opportunity.currency,
            func.count().label("count"),
            func.sum(amount).label("amount"),
            func.round(func.sum(amount * Opportunity.probability / 100), 2).label("weighted"),
        )
        .where(Opportunity.status == "open", *conditions)
        .group_by(Opportunity.pipeline_id, Opportunity.stage, Opportunity.currency)
    ).all()


def pipelines_by_id(session: Session, ids: set[UUID]) -> dict[UUID, Pipeline]:
    """The pipelines of opportunities the caller sees, also those of units above."""
    with everything(session):
        found = session.scalars(select(Pipeline).where(Pipeline.id.in_(ids)).execution_options(with_deleted=True))
        return {item.id: item for item in found}


def require_visible(session: Session, opportunity_id: UUID) -> None:
    """Raises Invalid at /opportunity_id when the caller sees no such opportunity."""
    if session.scalar(select(Opportunity.id).where(Opportunity.id == opportunity_id)) is None:
        raise errors.field_error("/opportunity_id", "unknown", say("Choose an opportunity that you can see."))


def locked(session: Session, opportunity_id: UUID) -> Opportunity | None:
    """The opportunity as it is now, locked; None when it was deleted."""
    statement = select(Opportunity).where(Opportunity.id == opportunity_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))
