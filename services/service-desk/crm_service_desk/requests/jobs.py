"""What happens to requests by itself: warnings, breaches, the end of a hold, the archive."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crm_chassis import clock, outbox
from crm_chassis.schedules import Schedule

from . import actions, queries
from .collection import requests
from .models import Request


def watch_time_limits(session: Session) -> None:
    """Announce each breach and each warning once; a breach makes the warning needless."""
    now = clock.now()
    for request in queries.unheard(session, now):
        request.response_breached = True
        request.breach_count += 1
        _announce(session, request, "breached", "response")
    for request in queries.overdue(session, now):
        request.sla_breached = request.sla_warned = True
        request.breach_count += 1
        _announce(session, request, "breached", "resolution")
    for request in queries.due_to_warn(session, now):
        request.sla_warned = True
        _announce(session, request, "warned", "resolution")


def resume_held(session: Session) -> None:
    """Resume what was on hold until now."""
    for request in queries.hold_over(session, clock.now()):
        actions.resume(session, request)
        requests.announce(session, request, "resumed")


def archive_answered(session: Session) -> None:
    """Archive what was answered a week ago and not rated."""
    for request in queries.left_alone(session, clock.now()):
        actions.archive(session, request)
        requests.announce(session, request, "archived")


def _announce(session: Session, request: Request, fact: str, target: str) -> None:
    """target: which limit, ``response`` or ``resolution``."""
    session.flush()
    payload = requests.payload(request) | {"target": target}
    event = f"crm.service-desk.sla.{fact}.v1"
    outbox.record(session, event, request.id, payload, version=request.version, unit_id=request.unit_id)


SCHEDULES = (
    Schedule("requests.time-limits", 60, watch_time_limits),
    Schedule("requests.resume", 60, resume_held),
    Schedule("requests.archive", 3600, archive_answered),
)
