"""Publishing flows over HTTP."""

from __future__ import annotations

from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, answers
from crm_chassis.identity import requires

from . import collection
from .collection import UPDATE, approval_flows
from .models import ApprovalFlow

blueprint = Blueprint("approval flow verbs", __name__, url_prefix="/approval-flows")


@blueprint.post("/<uuid:flow_id>/publish")
@requires(UPDATE)
@answers(approval_flows)
def publish(flow_id: UUID) -> ApprovalFlow:
    """Let a flow's working copy run for new approvals; those under way keep the version they began with."""
    with transaction() as session:
        return collection.publish(session, flow_id)
