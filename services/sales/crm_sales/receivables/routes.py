"""The verb of receivables over HTTP, and their ageing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from crm_chassis import clock
from crm_chassis.collection import listing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_response
from crm_chassis.identity import requires

from . import collection, queries, rules
from .collection import WriteOffReceivableBody, receivables
from .models import Receivable

blueprint = Blueprint("receivable verbs", __name__, url_prefix="/receivables")


@blueprint.post("/<uuid:receivable_id>/write-off")
@requires("receivable:write_off")
@accepts(WriteOffReceivableBody)
@answers(receivables)
def write_off(receivable_id: UUID, body: dict[str, Any]) -> Receivable:
    """Give a receivable up as bad debt."""
    with transaction() as session:
        return collection.write_off(session, receivable_id, **body)


@blueprint.get("/ageing")
@requires("receivable:read")
def read_ageing() -> Response:
    """What is still owed by how long it is overdue: count and sum by currency. Takes the list's filters."""
    wanted = listing.asked(receivables, request.args)
    today = clock.today()
    with transaction() as session:
        rows = queries.owed_by_day(session, wanted.conditions)
        return json_response({"as_of": today, "bands": rules.ageing(rows, today)})
