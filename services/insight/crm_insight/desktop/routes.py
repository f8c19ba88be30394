"""My day over HTTP."""

from __future__ import annotations

from flask import Response

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, json_response
from crm_chassis.identity import current_principal, requires

from . import queries

blueprint = Blueprint("desktop", __name__, url_prefix="/desktop")


@blueprint.get("")
@requires("desktop:read")
def desktop() -> Response:
    """What waits for the signed-in user today: counts and short lists, their funnel, their latest customers."""
    with transaction() as session:
        return json_response(queries.day(session, current_principal()))
