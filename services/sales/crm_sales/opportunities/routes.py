"""The verbs of opportunities over HTTP, their development plan, and the funnel."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select

from crm_chassis import errors
from crm_chassis.collection import listing, writing
from crm_chassis.collection.routes import require_version
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_body, json_response, load, query
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say

from . import actions, collection, funnel, queries
from .collection import opportunities
from .models import Opportunity, PlanItem
from .schemas import (
    AdvanceOpportunityBody,
    AssignOpportunityBody,
    ChoiceOfPipelineQuery,
    LoseOpportunityBody,
    PlanItemSchema,
    ReopenOpportunityBody,
    WinOpportunityBody,
)

blueprint = Blueprint("opportunity verbs", __name__, url_prefix="/opportunities")


@blueprint.post("/<uuid:opportunity_id>/assign")
@requires("opportunity:assign")
@accepts(AssignOpportunityBody)
@answers(opportunities)
def assign(opportunity_id: UUID, body: dict[str, Any]) -> Opportunity:
    """Give an opportunity to another user."""
    with transaction() as session:
        return collection.assign(session, opportunity_id, **body)


@blueprint.post("/<uuid:opportunity_id>/advance")
@requires("opportunity:update")
@accepts(AdvanceOpportunityBody)
@answers(opportunities)
def advance(opportunity_id: UUID, body: dict[str, Any]) -> Opportunity:
    """Move an opportunity to another stage; the exit conditions of the stages it leaves must be met."""
    with transaction() as session:
        return collection.advance(session, opportunity_id, **body)


@blueprint.post("/<uuid:opportunity_id>/win")
@requires("opportunity:update")
@accepts(WinOpportunityBody)
@answers(opportunities)
def win(opportunity_id: UUID, body: dict[str, Any]) -> Opportunity:
    """Close an opportunity as won."""
    with transaction() as session:
        return collection.win(session, opportunity_id, **body)


@blueprint.post("/<uuid:opportunity_id>/lose")
@requires("opportunity:update")
@accepts(LoseOpportunityBody)
@answers(opportunities)
def lose(opportunity_id: UUID, body: dict[str, Any]) -> Opportunity:
    """Close an opportunity as lost, with the reason and the competitor it went to."""
    with transaction() as session:
        return collection.lose(session, opportunity_id, **body)


@blueprint.post("/<uuid:opportunity_id>/reopen")
@requires("opportunity:update")
@accepts(ReopenOpportunityBody)
@answers(opportunities)
def reopen(opportunity_id: UUID, body: dict[str, Any]) -> Opportunity:
    """Open a won or lost opportunity again."""
    with transaction() as session:
        return collection.reopen(session, opportunity_id, **body)


@blueprint.get("/funnel")
@requires("opportunity:read")
def read_funnel() -> Response:
    """Open opportunities by pipeline and stage: count, sum and weighted sum by currency. Takes the list's filters.

    A sum is null where the caller's roles close an amount or a probability that it is made of.
    """
    access = opportunities.access(current_principal())
    if access.closes("stage") or access.closes("status"):
        raise errors.Forbidden(say("Your roles close the fields that these figures are made of."))
    wanted = listing.asked(opportunities, request.args)
    with transaction() as session:
        rows = queries.funnel(session, wanted.conditions)
        pipelines = queries.pipelines_by_id(session, {row.pipeline_id for row in rows})
    closed = {sums for sums, fields in funnel.MADE_OF.items() if any(access.closes(name) for name in fields)}
    return json_response({"pipelines": funnel.by_pipeline(rows, pipelines, closed=closed)})


@blueprint.get("/pipelines")
@requires("opportunity:read")
@query(ChoiceOfPipelineQuery)
def list_pipelines(query: dict[str, Any]) -> Response:
    """The pipelines that an opportunity of a unit may go through, of the unit and of those above it.

    The first is the one that it goes through unless told.
    """
    principal = current_principal()
    unit_id = query.get("unit_id", principal.unit_id)
    if not principal.reaches_unit("opportunity:read", unit_id):
        raise errors.field_error("/unit_id", "out_of_scope", say("Choose a unit that your roles reach."))
    with transaction() as session:
        found = queries.pipelines_above(session, unit_id)
        items = [{"id": pipeline.id, "name": pipeline.name, "stages": pipeline.stages} for pipeline in found]
    return json_response({"items": items, "next_cursor": None})


@blueprint.get("/<uuid:opportunity_id>/plan-items")
@requires("opportunity:read")
def list_plan_items(opportunity_id: UUID) -> Response:
    """The development plan of an opportunity, by due date."""
    with transaction() as session:
        writing.get(session, opportunities, opportunity_id)
        items = queries.plan(session, opportunity_id, listing.LIMIT_MAX)
        return json_response({"items": [PlanItemSchema().dump(item) for item in items], "next_cursor": None})


@blueprint.post("/<uuid:opportunity_id>/plan-items")
@requires("opportunity:update")
@accepts(PlanItemSchema)
def create_plan_item(opportunity_id: UUID, body: dict[str, Any]) -> Response:
    """Put a dated to-do into the development plan."""
    with transaction() as session:
        opportunity = _for_update(session, opportunity_id)
        if len(queries.plan(session, opportunity_id, listing.LIMIT_MAX)) == listing.LIMIT_MAX:
            raise errors.StateConflict(say("A plan has {most} items at most; delete old ones.", most=listing.LIMIT_MAX))
        item = actions.add_plan_item(session, opportunity, body)
        opportunities.announce(session, opportunity, "changed")
        return _shown(item, 201)


@blueprint.patch("/<uuid:opportunity_id>/plan-items/<uuid:item_id>")
@requires("opportunity:update")
def change_plan_item(opportunity_id: UUID, item_id: UUID) -> Response:
    """Change a to-do of the plan, or write down its result."""
    values = load(PlanItemSchema(), json_body(), partial=True)
    with transaction() as session:
        opportunity = _for_update(session, opportunity_id)
        item = _item(session, opportunity_id, item_id)
        writing.assign(item, values)
        actions.touch(opportunity)
        opportunities.announce(session, opportunity, "changed")
        return _shown(item)


@blueprint.delete("/<uuid:opportunity_id>/plan-items/<uuid:item_id>")
@requires("opportunity:update")
def delete_plan_item(opportunity_id: UUID, item_id: UUID) -> Response:
    """Take a to-do out of the plan."""
    with transaction() as session:
        opportunity = _for_update(session, opportunity_id)
        session.delete(_item(session, opportunity_id, item_id))
        actions.touch(opportunity)
        opportunities.announce(session, opportunity, "changed")
    return Response(status=204)


def _for_update(session: Any, opportunity_id: UUID) -> Opportunity:
    found: Opportunity = writing.get_for(session, opportunities, opportunity_id, "opportunity:update")
    writing.refuse_locked(opportunities, found)
    return found


def _item(session: Any, opportunity_id: UUID, item_id: UUID) -> PlanItem:
    """The item, when the request carries its version. Raises NotFound, VersionRequired, Stale."""
    statement = select(PlanItem).where(PlanItem.id == item_id, PlanItem.opportunity_id == opportunity_id)
    item: PlanItem | None = session.scalar(statement.with_for_update())
    if item is None:
        raise errors.NotFound(say("There is no such plan item for you."))
    require_version(item)
    return item


def _shown(item: PlanItem, status: int = 200) -> Response:
    headers = {"ETag": f'"{item.version}"'}
    if status == 201:
        headers["Location"] = f"/api/v1/opportunities/{item.opportunity_id}/plan-items/{item.id}"
    return json_response(PlanItemSchema().dump(item), status, headers)
