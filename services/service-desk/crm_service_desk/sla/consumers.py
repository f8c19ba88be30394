"""The time limits a group begins with."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_chassis import clock, org
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
    now = clock.now()
    common = {"version": 1, "unit_id": root, "created_at": now, "updated_at": now}
    policies = [common | {"id": uuid5(root, default.priority), **default._asdict()} for default in rules.DEFAULTS]
    session.execute(insert(SlaPolicy).values(policies).on_conflict_do_nothing())
    week = common | {"id": uuid5(root, "week"), "timezone": envelope.data["timezone"], **calendars.WORKING_WEEK}
    session.execute(insert(BusinessCalendar).values(week).on_conflict_do_nothing())


HANDLERS = {CREATED: on_unit_created}
