"""The verb of receivables over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, accepts, answers
from crm_chassis.identity import requires

from . import collection
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
