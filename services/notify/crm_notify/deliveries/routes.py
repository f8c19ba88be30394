"""The verbs of deliveries."""

from __future__ import annotations

from uuid import UUID

from crm_chassis.database import transaction
from crm_chassis.http import Blueprint, answers
from crm_chassis.identity import requires

from . import collection
from .collection import deliveries
from .models import Delivery

blueprint = Blueprint("delivery verbs", __name__, url_prefix="/deliveries")


@blueprint.post("/<uuid:delivery_id>/retry")
@requires("delivery:update")
@answers(deliveries)
def retry(delivery_id: UUID) -> Delivery:
    """Send a failed or unknown delivery again."""
    with transaction() as session:
        return collection.retry(session, delivery_id)
