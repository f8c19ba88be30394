"""The time limits a group begins with."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from crm_chassis import org
from crm_chassis.database import add_missing
from crm_contracts.envelope import Envelope

from ..calendars import rules as calendars
from ..calendars.models import BusinessCalendar
from . import rules
from .models import SlaPolicy

CREATED = "crm.gateway.org-unit.created.v1"


def on_unit_created(session: Session, envelope: Envelope) -> None:
    """Keep the unit; the root of a company tree gets a policy for each priority and a calendar, to change as it likes."""
    org.HANDLERS[CREATED](session, envelope)
    if envelope.data["parent_id"] is not None:
        return
    root = UUID(envelope.data["id"])
    zone = envelope.data["timezone"]
    week = BusinessCalendar(id=uuid5(root, "week"), unit_id=root, timezone=zone, **calendars.WORKING_WEEK)
    policies = [SlaPolicy(id=uuid5(root, each.priority), unit_id=root, **each._asdict()) for each in rules.DEFAULTS]
    add_missing(session, (week, *policies))


HANDLERS = {CREATED: on_unit_created}
