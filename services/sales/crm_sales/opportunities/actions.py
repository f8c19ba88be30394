"""What can be done to an opportunity. Each function changes rows only; announcing is the collection's part."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_chassis import clock, errors
from crm_chassis.language import say, word

from ..customers import queries as customers
from ..lines import actions as lines
from ..lines.queries import currency_of
from ..people import queries as people
from . import queries, stages
from .models import Opportunity, Pipeline, PlanItem
from .pipelines import for_unit
from .stages import STATUS

WON, LOST = 100, 0


def create(session: Session, values: dict[str, Any]) -> Opportunity:
    """A new opportunity of a customer the caller sees. Raises Invalid."""
    customers.visible(session, values["customer_id"])
    return begin(session, values)


def begin(session: Session, values: dict[str, Any]) -> Opportunity:
    """A new opportunity whose customer was checked, or is being made from a lead. Raises Invalid."""
    _check_people(session, values)
    chosen = values.get("pipeline_id")
    pipeline = (
        queries.visible_pipeline(session, chosen, values["unit_id"]) if chosen else for_unit(session, values["unit_id"])
    )
    values.setdefault("currency", currency_of(session, values["unit_id"]))
    stage = _stage(pipeline.stages, values.get("stage") or pipeline.stages[0]["key"])
    _price(session, values, values["currency"])
    known = {"pipeline_id": pipeline.id, "stage": stage["key"]}
    opportunity = Opportunity(**{"probability": stage["probability"], **values, **known})
    _require_way_to(pipeline.stages, opportunity)
    session.add(opportunity)
    return opportunity


def change(session: Session, opportunity: Opportunity, values: dict[str, Any]) -> None:
    """Change its fields.

    Raises Invalid for the stage, which has a verb, for references the caller cannot see, for another currency than the
    prices of its lines, and for another pipeline in which it stands behind stages whose exit conditions it does not meet.
    """
    if values.get("stage", opportunity.stage) != opportunity.stage:
        raise errors.field_error("/stage", "read_only", say("Use the verb `advance` to move it to another stage."))
    if values.get("customer_id", opportunity.customer_id) != opportunity.customer_id:
        customers.visible(session, values["customer_id"])
    moved = values.get("pipeline_id", opportunity.pipeline_id) != opportunity.pipeline_id
    stands_in = _move_to_pipeline(session, opportunity, values) if moved else None
    _check_people(session, values)
    if values.get("currency", opportunity.currency) != opportunity.currency and "lines" not in values:
        _refuse_other_currency(opportunity)
    _price(session, values, values.get("currency", opportunity.currency))
    for name, value in values.items():
        setattr(opportunity, name, value)
    if stands_in is not None:
        _require_way_to(stands_in.stages, opportunity)
    touch(opportunity)


def touch(opportunity: Opportunity) -> None:
    """Somebody did something about it: it is not stalled, or not any more."""
    opportunity.active_at = clock.now()
    opportunity.stalled_at = None


def assign(session: Session, opportunity: Opportunity, *, owner_id: UUID) -> None:
    """Give it to a user whom the caller may assign to. Raises Invalid, StateConflict."""
    _require_open(opportunity)
    people.require_assignable(session, owner_id, "opportunity:assign")
    opportunity.owner_id = owner_id
    touch(opportunity)


def advance(session: Session, opportunity: Opportunity, *, stage: str, board_position: Decimal | None = None) -> None:
    """Move it to another stage of its pipeline, forward or back, with that stage's probability.

    Raises StateConflict when it is closed or an exit condition is not met, Invalid for an unknown stage.
    """
    _require_open(opportunity)
    pipeline = queries.pipeline(session, opportunity.pipeline_id)
    target = _stage(pipeline.stages, stage)
    _require_met(pipeline.stages, opportunity, stage)
    opportunity.stage, opportunity.probability = stage, target["probability"]
    if board_position is not None:
        opportunity.board_position = board_position
    touch(opportunity)


def win(session: Session, opportunity: Opportunity, *, won_at: datetime | None = None) -> None:
    """Close it as won. won_at: aware UTC, may lie in the past. Raises StateConflict unless it is open and ready."""
    _require_open(opportunity)
    _require_met(queries.pipeline(session, opportunity.pipeline_id).stages, opportunity, None)
    opportunity.status, opportunity.probability = "won", WON
    opportunity.won_at = won_at or clock.now()
    touch(opportunity)


def lose(session: Session, opportunity: Opportunity, *, reason: str, competitor_id: UUID | None = None) -> None:
    """Close it as lost, to a competitor if one is named. Raises StateConflict unless it is open, Invalid."""
    _require_open(opportunity)
    if competitor_id is not None:
        queries.require_competitors(session, [competitor_id], "/competitor_id")
        if competitor_id not in opportunity.competitor_ids:
            opportunity.competitor_ids = [*opportunity.competitor_ids, competitor_id]
    opportunity.status, opportunity.probability = "lost", LOST
    opportunity.lost_reason, opportunity.lost_to_id = reason, competitor_id
    opportunity.lost_at = clock.now()
    touch(opportunity)


def reopen(session: Session, opportunity: Opportunity) -> None:
    """Take back that it was won or lost. Raises StateConflict when it is open."""
    if opportunity.status == "open":
        raise errors.StateConflict(say("This opportunity is open already."))
    pipeline = queries.pipeline(session, opportunity.pipeline_id)
    stage = stages.find(pipeline.stages, opportunity.stage) or pipeline.stages[0]
    opportunity.status, opportunity.stage, opportunity.probability = "open", stage["key"], stage["probability"]
    opportunity.lost_reason = opportunity.lost_to_id = opportunity.won_at = opportunity.lost_at = None
    touch(opportunity)


def add_plan_item(session: Session, opportunity: Opportunity, values: dict[str, Any]) -> PlanItem:
    """Put a dated to-do into its development plan."""
    item = PlanItem(opportunity_id=opportunity.id, **values)
    session.add(item)
    touch(opportunity)
    return item


def _require_open(opportunity: Opportunity) -> None:
    if opportunity.status != "open":
        raise errors.StateConflict(
            say("This opportunity is {status}; reopen it first.", status=word(STATUS, opportunity.status))
        )


def _require_met(pipeline: list[dict[str, Any]], opportunity: Opportunity, there: str | None) -> None:
    missing = stages.unmet(pipeline, opportunity.stage, there, opportunity)
    if missing:
        raise errors.StateConflict(
            say(
                "Fill in {fields} before it goes on.",
                fields=[stages.FIELDS[name] for name in missing],
            ),
            code="exit_conditions",
            errors=[errors.entry(f"/{name}", "required", say("needed to go on")) for name in missing],
        )


def _require_way_to(pipeline: list[dict[str, Any]], opportunity: Opportunity) -> None:
    """Raises Invalid when it could not have come to its stage by advancing there from the first one."""
    missing = stages.unmet(pipeline, pipeline[0]["key"], opportunity.stage, opportunity)
    if missing:
        stage = stages.word(_stage(pipeline, opportunity.stage))
        message = say("needed to begin in the stage {stage}", stage=stage)
        raise errors.Invalid(errors=[errors.entry(f"/{name}", "exit_conditions", message) for name in missing])


def _stage(pipeline: list[dict[str, Any]], key: str) -> Any:
    stage = stages.find(pipeline, key)
    if stage is None:
        known = [stages.word(item) for item in pipeline]
        raise errors.field_error("/stage", "unknown", say("The stages of this pipeline are {stages}.", stages=known))
    return stage


def _move_to_pipeline(session: Session, opportunity: Opportunity, values: dict[str, Any]) -> Pipeline:
    """In another pipeline, which is answered, it begins with the stage of the same key, or with the first."""
    pipeline = queries.visible_pipeline(session, values["pipeline_id"], opportunity.unit_id)
    stage = stages.find(pipeline.stages, opportunity.stage) or pipeline.stages[0]
    values["stage"], values["probability"] = stage["key"], stage["probability"]
    return pipeline


def _refuse_other_currency(opportunity: Opportunity) -> None:
    """Raises Invalid when there are lines: their prices would be taken for amounts of the new currency."""
    if opportunity.lines:
        raise errors.field_error("/lines", "required", say("Send the lines with their prices in the new currency."))


def _check_people(session: Session, values: dict[str, Any]) -> None:
    queries.require_competitors(session, values.get("competitor_ids") or [], "/competitor_ids")
    people.require_known(session, values.get("team_ids") or [], "/team_ids")


def _price(session: Session, values: dict[str, Any], currency: str) -> None:
    """Complete the lines; without an amount of its own the opportunity is worth what they come to."""
    if not values.get("lines"):
        return
    values["lines"] = lines.price(session, values["lines"], currency)
    if "amount" not in values:
        values["amount"], values["currency"] = lines.total(values["lines"]), currency
