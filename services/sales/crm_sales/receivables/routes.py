"""The verb of receivables over HTTP, and their ageing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from crm_chassis import errors, org
from crm_chassis.collection import listing
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers, json_response
from crm_chassis.identity import current_principal, requires
from crm_chassis.language import say

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
    """What is still owed by how long it is overdue: count and sum by currency. Takes the list's filters.

    Sums are null where the caller's roles close an amount that they are made of.
    """
    access = receivables.access(current_principal())
    if access.closes("due_on") or access.closes("status"):
        raise errors.Forbidden(say("Your roles close the fields that these figures are made of."))
    closed = any(access.closes(name) for name in rules.OWED)
    wanted = listing.asked(receivables, request.args)
    today = org.today(current_principal().unit_id)
    with transaction() as session:
        rows = queries.owed_by_day(session, wanted.conditions)
    bands = [band | ({"amounts": None} if closed else {}) for band in rules.ageing(rows, today)]
    return json_response({"as_of": today, "bands": bands})
