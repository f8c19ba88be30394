"""Holding the audit log against its seals."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, validate
from marshmallow import fields as ma

from crm_chassis.database import system_transaction
from crm_chassis.http import Blueprint, json_response, query
from crm_chassis.identity import requires

from . import actions

blueprint = Blueprint("audit", __name__, url_prefix="/audit-entries")


class VerifyQuery(Schema):
    """Where to begin: the number of the last entry already verified."""

    after = ma.Integer(load_default=0, validate=validate.Range(min=0, max=2**62))


@blueprint.get("/verify")
@requires("audit:read")
@query(VerifyQuery)
def verify(query: dict[str, Any]) -> Response:
    """Check that no entry was changed, removed or slipped in."""
    # The chain runs over every company's entries; the answer shows nothing of their content.
    with system_transaction() as session:
        return json_response(actions.verify(session, query["after"]))
