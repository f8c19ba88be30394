"""Asking for a rebuild over HTTP."""

from __future__ import annotations

from flask import Response

from crm_chassis import jobs
from crm_chassis.database import transaction
from crm_chassis.http import Blueprint
from crm_chassis.identity import requires

blueprint = Blueprint("rebuild", __name__, url_prefix="/reports/rebuild")


@blueprint.post("")
@requires("report:configure")
def rebuild() -> Response:
    """Build search, figures and desktops anew from what is known of every record, as a background job."""
    with transaction() as session:
        return jobs.accepted(jobs.submit(session, "rebuild", {}))
