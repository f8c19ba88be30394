"""What happens to approvals with time."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crm_chassis import clock
from crm_chassis.schedules import Schedule

from . import actions, queries
from .collection import announce_outcome, approvals


def time_out(session: Session) -> None:
    """Announce approvals that wait too long, once for each step, and let the managers of the late see them."""
    for approval in queries.overdue(session, clock.now()):
        late, managers = actions.mark_timed_out(session, approval)
        if late:
            approvals.announce(session, approval, "timed-out", assignee_ids=late, escalated_to_ids=managers)


def assign_stuck(session: Session) -> None:
    """Look again for approvers of what waits for nobody: the company may have got a manager since."""
    for approval in queries.unassigned(session):
        version = approval.version
        asked = actions.assign_again(session, approval)
        announce_outcome(session, approval, version, asked)


def relieve(session: Session) -> None:
    """Ask others instead of those who lost the right to decide: their roles were changed, or what these let them do.

    Looked for by time and not when the news comes: one role may have thousands of holders, and who loses a role only to
    get another at once keeps their approvals.
    """
    for approval in queries.waiting_in_vain(session):
        version = approval.version
        asked = actions.relieve(session, approval)
        announce_outcome(session, approval, version, asked)


SCHEDULES = [
    Schedule("approvals.time-out", every_s=60, run=time_out),
    Schedule("approvals.assign-stuck", every_s=300, run=assign_stuck),
    Schedule("approvals.relieve", every_s=60, run=relieve),
]
