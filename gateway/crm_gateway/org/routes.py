"""Moving, closing and reopening units."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.collection import writing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers
from crm_chassis.identity import requires

from . import actions
from .collection import MoveBody, org_units
from .models import Unit

blueprint = Blueprint("org unit verbs", __name__, url_prefix="/org-units")


@blueprint.post("/<uuid:unit_id>/move")
@requires("org_unit:update")
@accepts(MoveBody)
@answers(org_units)
def move(unit_id: UUID, body: dict[str, Any]) -> Unit:
    """Hang a unit, with everything below it, under another one."""
    with transaction() as session:
        actions.lock_tree(session)
        unit = writing.get_for(session, org_units, unit_id, "org_unit:update")
        return actions.move(session, unit, **body)


@blueprint.post("/<uuid:unit_id>/close")
@requires("org_unit:update")
@answers(org_units)
def close(unit_id: UUID) -> Unit:
    """Close a unit that has no open units and no active users any more."""
    with transaction() as session:
        actions.lock_tree(session)
        return actions.close(session, writing.get_for(session, org_units, unit_id, "org_unit:update"))


@blueprint.post("/<uuid:unit_id>/reopen")
@requires("org_unit:update")
@answers(org_units)
def reopen(unit_id: UUID) -> Unit:
    """Open a closed unit again."""
    with transaction() as session:
        actions.lock_tree(session)
        return actions.reopen(session, writing.get_for(session, org_units, unit_id, "org_unit:update"))
