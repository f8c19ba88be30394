"""The verbs of trips over HTTP."""

from __future__ import annotations

from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, answers
from crm_chassis.identity import requires

from . import collection
from .collection import UPDATE, travel_plans
from .models import TravelPlan

blueprint = Blueprint("travel plan verbs", __name__, url_prefix="/travel-plans")


@blueprint.post("/<uuid:plan_id>/submit")
@requires(UPDATE)
@answers(travel_plans)
def submit(plan_id: UUID) -> TravelPlan:
    """Ask for the approval of a trip."""
    with transaction() as session:
        return collection.submit(session, plan_id)


@blueprint.post("/<uuid:plan_id>/withdraw")
@requires(UPDATE)
@answers(travel_plans)
def withdraw(plan_id: UUID) -> TravelPlan:
    """Take a submitted trip back."""
    with transaction() as session:
        return collection.withdraw(session, plan_id)


@blueprint.post("/<uuid:plan_id>/start")
@requires(UPDATE)
@answers(travel_plans)
def start(plan_id: UUID) -> TravelPlan:
    """Begin an approved trip."""
    with transaction() as session:
        return collection.start(session, plan_id)


@blueprint.post("/<uuid:plan_id>/finish")
@requires(UPDATE)
@answers(travel_plans)
def finish(plan_id: UUID) -> TravelPlan:
    """End an active trip; its expenses can be claimed."""
    with transaction() as session:
        return collection.finish(session, plan_id)


@blueprint.post("/<uuid:plan_id>/settle")
@requires(UPDATE)
@answers(travel_plans)
def settle(plan_id: UUID) -> TravelPlan:
    """Close a finished trip: no further claims."""
    with transaction() as session:
        return collection.settle(session, plan_id)


@blueprint.post("/<uuid:plan_id>/cancel")
@requires(UPDATE)
@answers(travel_plans)
def cancel(plan_id: UUID) -> TravelPlan:
    """Give up a trip that has not begun."""
    with transaction() as session:
        return collection.cancel(session, plan_id)
